"""Each way to break a client is named, and what only adds is not called breaking."""

import copy
import unittest

from differences import differences

DOCUMENT = {
    "paths": {
        "/v1/things": {
            "get": {
                "operationId": "listThings",
                "x-access": "read",
                "parameters": [
                    {"$ref": "#/components/parameters/limit"},
                    {"in": "query", "name": "state", "schema": {"type": "string",
                                                                "enum": ["open", "closed"]}},
                ],
                "responses": {"200": {
                    "description": "",
                    "headers": {"Link": {"schema": {"type": "string"}}},
                    "content": {"application/json": {
                        "schema": {"type": "array",
                                   "items": {"$ref": "#/components/schemas/Thing"}}}}}},
            },
            "post": {
                "operationId": "createThing",
                "x-access": "write",
                "requestBody": {"content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/ThingCreate"}}}},
                "responses": {"201": {"description": ""}},
            },
        },
    },
    "components": {
        "parameters": {"limit": {"in": "query", "name": "limit",
                                 "schema": {"type": "integer", "maximum": 500}}},
        "schemas": {
            "Thing": {"type": "object", "required": ["id", "name"],
                      "properties": {"id": {"type": "string"},
                                     "name": {"type": ["string", "null"]},
                                     "state": {"type": "string", "enum": ["open"]}}},
            "ThingCreate": {"type": "object", "required": ["name"],
                            "properties": {"name": {"type": "string", "maxLength": 50},
                                           "note": {"type": ["string", "null"]}}},
        },
    },
}


class DifferencesTest(unittest.TestCase):
    def setUp(self):
        self.new = copy.deepcopy(DOCUMENT)
        self.things = self.new["paths"]["/v1/things"]
        self.parameters = self.things["get"]["parameters"]
        self.thing = self.new["components"]["schemas"]["Thing"]
        self.create = self.new["components"]["schemas"]["ThingCreate"]

    def expect(self, breaking, *fragments):
        found = differences(DOCUMENT, self.new)
        self.assertTrue(found)
        self.assertEqual(breaking, any(each.breaking for each in found), found)
        text = "\n".join(map(str, found))
        for fragment in fragments:
            self.assertIn(fragment, text)

    def test_the_same_has_none(self):
        self.assertEqual(differences(DOCUMENT, self.new), [])

    def test_a_path_is_gone(self):
        del self.new["paths"]["/v1/things"]
        self.expect(True, "BREAKING  /v1/things: the path is gone")

    def test_an_operation_is_gone(self):
        del self.things["post"]
        self.expect(True, "POST /v1/things: the operation is gone")

    def test_an_operation_has_another_name(self):
        self.things["post"]["operationId"] = "makeThing"
        self.expect(True, "createThing is makeThing now")

    def test_another_right_is_asked_for(self):
        self.things["get"]["x-access"] = "admin"
        self.expect(True, "access read is admin now")

    def test_a_status_is_gone(self):
        self.things["post"]["responses"] = {"200": {"description": ""}}
        self.expect(True, "201: the status is gone")

    def test_a_header_is_gone(self):
        del self.things["get"]["responses"]["200"]["headers"]
        self.expect(True, "header Link: the header is gone")

    def test_a_media_type_is_gone(self):
        self.things["post"]["requestBody"]["content"] = {"text/csv": {}}
        self.expect(True, "application/json: the media type is gone", "text/csv: a new media type")

    def test_a_parameter_is_gone(self):
        self.parameters.pop()
        self.expect(True, "query parameter state: the parameter is gone")

    def test_a_parameter_takes_less(self):
        self.new["components"]["parameters"]["limit"]["schema"]["maximum"] = 100
        self.expect(True, "maximum 500 is 100 now")

    def test_a_parameter_loses_a_value(self):
        self.parameters[1]["schema"]["enum"] = ["open"]
        self.expect(True, "the value 'closed' is gone")

    def test_a_new_required_parameter(self):
        self.parameters.append({"in": "query", "name": "x", "required": True, "schema": {}})
        self.expect(True, "a new parameter, required")

    def test_an_answers_member_is_gone(self):
        del self.thing["properties"]["name"]
        self.expect(True, "[] /name: the member is gone")

    def test_an_answers_member_may_be_absent(self):
        self.thing["required"] = ["id"]
        self.expect(True, "[] /name: it may be absent now")

    def test_an_answers_member_may_be_null(self):
        self.thing["properties"]["id"]["type"] = ["string", "null"]
        self.expect(True, "the type string is null or string now")

    def test_a_body_needs_more(self):
        self.create["required"].append("note")
        self.expect(True, "/note: it is required now")

    def test_a_body_needs_something_new(self):
        self.create["properties"]["size"] = {"type": "integer"}
        self.create["required"].append("size")
        self.expect(True, "/size: a new member, required")

    def test_a_body_takes_shorter_text(self):
        self.create["properties"]["name"]["maxLength"] = 20
        self.expect(True, "maxLength 50 is 20 now")

    def test_a_body_takes_fewer_types(self):
        self.create["properties"]["note"]["type"] = "string"
        self.expect(True, "/note: the type null or string is string now")

    def test_a_body_takes_a_pattern_only(self):
        self.create["properties"]["name"]["pattern"] = "^[A-Z]"
        self.expect(True, "pattern None is ^[A-Z] now")

    def test_a_body_refuses_others(self):
        self.create["additionalProperties"] = False
        self.expect(True, "other members are refused now")

    def test_what_only_adds(self):
        self.new["paths"]["/v1/more"] = {"get": {}}
        self.things["delete"] = {}
        self.parameters.append({"in": "query", "name": "x", "schema": {}})
        self.parameters[1]["schema"]["enum"].append("lost")
        self.thing["properties"]["size"] = {"type": "integer"}
        self.thing["properties"]["state"]["enum"].append("closed")
        self.thing["properties"]["name"]["type"] = "string"
        self.create["properties"]["size"] = {"type": "integer"}
        self.create["properties"]["name"]["maxLength"] = 100
        self.things["post"]["responses"]["409"] = {"description": ""}
        self.expect(False, "a new path", "a new operation", "a new parameter", "'lost'",
                    "/size: a new member", "maxLength 50 is 100 now", "409: a new status")


if __name__ == "__main__":
    unittest.main()
