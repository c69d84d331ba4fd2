"""The document made strict: what an answer may gain later is not allowed to it now.

The served document leaves answers open, so that clients do. A test must find the member that nobody
described: here every object with described members has no others.
"""

import copy


def strict(document):
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    for name in schemas:
        schemas[name] = flat(schemas[name], schemas)
    close(document["components"])
    close(document["paths"])
    return document


def flat(schema, schemas):
    """allOf drawn in: a closed base would refuse what stands beside it."""
    made = {key: value for key, value in schema.items() if key != "allOf"}
    for base in schema.get("allOf", []):
        base = flat(schemas[base["$ref"].rsplit("/", 1)[1]], schemas)
        made["properties"] = base.get("properties", {}) | made.get("properties", {})
        made["required"] = base.get("required", []) + made.get("required", [])
    return made


def close(value):
    if isinstance(value, list):
        for each in value:
            close(each)
    if not isinstance(value, dict):
        return
    if is_object_schema(value):
        value.setdefault("additionalProperties", False)
    for key, each in value.items():
        if key not in ("example", "examples"):
            close(each)


def is_object_schema(value):
    kind = value.get("type")
    return isinstance(value.get("properties"), dict) and \
        (kind == "object" or isinstance(kind, list) and "object" in kind)
