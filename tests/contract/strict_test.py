"""What is left open for clients is closed for tests, and nothing else changes."""

import copy
import unittest

from strict import strict

DOCUMENT = {
    "paths": {"/v1/things": {"post": {
        "requestBody": {"content": {"application/json": {
            "schema": {"type": "object", "additionalProperties": True,
                       "properties": {"id": {"type": "string"}}},
            "example": {"type": "object", "properties": {}}}}},
        "responses": {"200": {"content": {"application/json": {"schema": {
            "allOf": [{"$ref": "#/components/schemas/Thing"}],
            "type": "object",
            "required": ["notice"],
            "properties": {"notice": {"type": "string"}}}}}}},
    }}},
    "components": {"schemas": {
        "Thing": {"type": "object", "required": ["id"],
                  "properties": {"id": {"type": "string"},
                                 "place": {"type": ["object", "null"],
                                           "properties": {"city": {"type": "string"}}}}},
        "Counts": {"type": "object", "additionalProperties": {"type": "integer"}},
    }},
}


class StrictTest(unittest.TestCase):
    def setUp(self):
        self.made = strict(DOCUMENT)
        self.schemas = self.made["components"]["schemas"]
        self.post = self.made["paths"]["/v1/things"]["post"]

    def test_objects_with_members_are_closed_however_deep(self):
        self.assertIs(self.schemas["Thing"]["additionalProperties"], False)
        self.assertIs(self.schemas["Thing"]["properties"]["place"]["additionalProperties"], False)

    def test_what_says_more_itself_stays(self):
        self.assertEqual(self.schemas["Counts"], DOCUMENT["components"]["schemas"]["Counts"])
        media = self.post["requestBody"]["content"]["application/json"]
        self.assertIs(media["schema"]["additionalProperties"], True)
        self.assertEqual(media["example"], {"type": "object", "properties": {}})

    def test_a_base_is_drawn_in(self):
        schema = self.post["responses"]["200"]["content"]["application/json"]["schema"]
        self.assertNotIn("allOf", schema)
        self.assertEqual(set(schema["properties"]), {"id", "place", "notice"})
        self.assertEqual(set(schema["required"]), {"id", "notice"})
        self.assertIs(schema["additionalProperties"], False)

    def test_the_document_itself_is_left_alone(self):
        before = copy.deepcopy(DOCUMENT)
        strict(DOCUMENT)
        self.assertEqual(DOCUMENT, before)


if __name__ == "__main__":
    unittest.main()
