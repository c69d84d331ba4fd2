"""What a schema of the document does not take.

Only what is certainly wrong: every value here must be refused by the operation that reads it.
"""

import copy
import re

OF_TYPE = {"string": "x", "integer": 7, "number": 0.5, "boolean": True, "array": [], "object": {},
           "null": None}
OF_FORMAT = {"uuid": ["x", "0199c0de-0000-7000-8000-00000000000", "{0199c0de}"],
             "date": ["yesterday", "2026-02-30", "2026-1-1"],
             "date-time": ["yesterday", "2026-13-01T00:00:00Z"],  # a day is one
             "idn-email": ["nobody", "@", "a b@c.example"],
             "iri": ["nowhere", "javascript:alert(1)"]}
NOT_A_CHOICE = "nonsense"
LONG = 5_000
INTEGER_MAX = 2**53 - 1  # a larger one is no JSON that the machine reads: told with its byte


def resolved(document, schema):
    """The schema with its reference followed and its allOf drawn in."""
    while "$ref" in schema:
        target = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    made = {key: value for key, value in schema.items() if key != "allOf"}
    for base in schema.get("allOf", []):
        base = resolved(document, base)
        made["properties"] = base.get("properties", {}) | made.get("properties", {})
        made["required"] = base.get("required", []) + made.get("required", [])
        made.setdefault("additionalProperties", base.get("additionalProperties", True))
    return made


def types_of(document, schema):
    """The JSON types it takes; all of them where it does not say."""
    schema = resolved(document, schema)
    options = schema.get("oneOf", schema.get("anyOf"))
    if options:
        return set().union(*(types_of(document, each) for each in options))
    kind = schema.get("type")
    if kind is None:
        return set(OF_TYPE)
    types = {kind} if isinstance(kind, str) else set(kind)
    return types | {"integer"} if "number" in types else types


def wrong_texts(schema):
    if "enum" in schema:
        yield NOT_A_CHOICE
        return
    yield from OF_FORMAT.get(schema.get("format"), [])
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if schema.get("minLength", 0) > 0:
        yield ""
    if "pattern" in schema and not re.search(schema["pattern"], NOT_A_CHOICE):
        yield NOT_A_CHOICE
    yield "a\0b"


def wrong_numbers(schema):
    if schema.get("maximum", INTEGER_MAX) < INTEGER_MAX:
        yield schema["maximum"] + 1
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if schema.get("type") == "integer":
        yield 1.5


def wrong_arrays(document, schema, right):
    if "maxItems" in schema and right:
        yield [right[0]] * (schema["maxItems"] + 1)
    if schema.get("minItems", 0) > 0:
        yield []
    if schema.get("uniqueItems") and right:
        yield [right[0], right[0]]
    for value in wrong_values(document, schema.get("items", {}), right[0] if right else None):
        yield [value]


def wrong_objects(document, schema, right):
    """`right` with one member wrong, missing or too many."""
    right = right if isinstance(right, dict) else {}
    properties = schema.get("properties", {})
    if schema.get("additionalProperties") is False:
        yield {**right, NOT_A_CHOICE: 1}
    for name in schema.get("required", []):
        yield {key: value for key, value in right.items() if key != name}
    for name, member in properties.items():
        for value in wrong_values(document, member, right.get(name)):
            yield {**right, name: value}


def wrong_values(document, schema, right=None):
    """Values that the schema does not take; `right` is one that it does."""
    schema = resolved(document, schema)
    types = types_of(document, schema)
    for kind, value in OF_TYPE.items():
        if kind not in types:
            yield copy.copy(value)
    if "oneOf" in schema or "anyOf" in schema:
        return
    if "string" in types and types != set(OF_TYPE):
        yield from wrong_texts(schema)
    if types & {"integer", "number"} and types != set(OF_TYPE):
        yield from wrong_numbers(schema)
    if "array" in types and "items" in schema:
        yield from wrong_arrays(document, schema, right if isinstance(right, list) else [])
    if "properties" in schema:
        yield from wrong_objects(document, schema, right)


def wrong_query_texts(schema):
    """For a parameter of a query; what any text may stand for is not in here."""
    kind = schema.get("type")
    if kind == "integer":
        yield from ("x", "-1", "1.5", "", " 1", "+1", "0x10", "9" * 30)
        yield from map(str, wrong_numbers({key: value for key, value in schema.items()
                                           if key != "type"}))
    elif kind == "boolean":
        yield from ("yes", "TRUE", "1", "")
    elif "enum" in schema:
        yield from (NOT_A_CHOICE, "", schema["enum"][0] + " ")
    elif schema.get("format") in OF_FORMAT:
        yield from OF_FORMAT[schema["format"]]
