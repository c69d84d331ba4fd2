"""The served document: the same as its copy, whole, and with an example wherever JSON goes."""

import unittest

from differences import METHODS, differences
from served import copy_text, read_copy, served_document


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def media_types(operation):
    """Of its request and of its own answers; refusals have their examples in one place."""
    holders = [operation.get("requestBody", {})]
    holders += [each for each in operation["responses"].values() if "$ref" not in each]
    for holder in holders:
        yield from holder.get("content", {}).items()


class DocumentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = served_document()

    def test_the_copy_is_what_is_served(self):
        copy = read_copy()
        self.assertIsNotNone(copy, "docs/openapi.json is missing: ./dev openapi")
        found = "\n".join(map(str, differences(copy, self.served)))
        self.assertEqual(copy_text(copy), copy_text(self.served),
                         f"docs/openapi.json is not what is served: ./dev openapi\n{found}")

    def test_nothing_breaks_clients_of_the_copy(self):
        breaking = [each for each in differences(read_copy(), self.served) if each.breaking]
        self.assertEqual(breaking, [])

    def test_every_operation_is_described(self):
        for name, operation in operations(self.served):
            with self.subTest(name):
                self.assertTrue(operation["summary"])
                self.assertGreater(len(operation["description"]), 20)
                self.assertTrue(any(status < "300" for status in operation["responses"]))
                self.assertTrue(any(status >= "400" for status in operation["responses"]))

    def test_every_operation_has_its_own_name(self):
        names = [operation["operationId"] for _, operation in operations(self.served)]
        self.assertEqual(len(names), len(set(names)))

    def test_every_text_and_json_has_an_example(self):
        for name, operation in operations(self.served):
            for media, content in media_types(operation):
                with self.subTest(name, media=media):
                    if "json" in media or media.startswith("text/"):
                        self.assertIn("schema", content)
                        self.assertIn("example", content)

    def test_every_schema_says_what_it_is(self):
        """No bare object: members, or what its members may be, or a sentence."""
        for name, schema in self.served["components"]["schemas"].items():
            with self.subTest(name):
                said = {"properties", "items", "allOf", "oneOf", "enum", "description"}
                self.assertTrue(said & set(schema))

    def test_every_reference_leads_somewhere(self):
        def walk(value):
            if isinstance(value, dict):
                if isinstance(value.get("$ref"), str):
                    target = self.served
                    for step in value["$ref"].removeprefix("#/").split("/"):
                        self.assertIn(step, target, value["$ref"])
                        target = target[step]
                for each in value.values():
                    walk(each)
            elif isinstance(value, list):
                for each in value:
                    walk(each)

        walk(self.served)


if __name__ == "__main__":
    unittest.main()
