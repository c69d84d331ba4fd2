"""The document made strict: what an answer may gain later is not allowed to it now.

The served document leaves answers open, so that clients do. A test must find the member that nobody
described: here every object with described members has no others.
"""

import copy


def strict(document):
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    for part in ("components", "paths"):
        document[part] = closed(document[part], schemas)
    return document


def flat(schema, schemas):
    """allOf drawn in: a closed base would refuse what stands beside it."""
    made = {key: value for key, value in schema.items() if key != "allOf"}
    for base in schema.get("allOf", []):
        base = flat(schemas[base["$ref"].rsplit("/", 1)[1]], schemas)
        made["properties"] = base.get("properties", {}) | made.get("properties", {})
        made["required"] = base.get("required", []) + made.get("required", [])
    return made


def closed(value, schemas):
    if isinstance(value, list):
        return [closed(each, schemas) for each in value]
    if not isinstance(value, dict):
        return value
    if "allOf" in value:
        value = flat(value, schemas)
    made = {key: each if key in ("example", "examples") else closed(each, schemas)
            for key, each in value.items()}
    if is_object_schema(made):
        made.setdefault("additionalProperties", False)
    return made


def is_object_schema(value):
    kind = value.get("type")
    return isinstance(value.get("properties"), dict) and \
        (kind == "object" or isinstance(kind, list) and "object" in kind)
