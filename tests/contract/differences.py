"""What differs between two OpenAPI documents, and which of it breaks a client of the older one.

A request breaks when the newer document accepts less; an answer, when it promises less. New members
and new enumerated values of an answer do not break: the document asks clients to ignore them.
"""

from typing import NamedTuple

METHODS = ("get", "put", "post", "patch", "delete")
DEPTH_MAX = 12  # of schemas that contain themselves


class Difference(NamedTuple):
    breaking: bool
    place: str
    what: str

    def __str__(self):
        return f"{'BREAKING' if self.breaking else 'additive'}  {self.place}: {self.what}"


def differences(old, new):
    """The differences in the order of the documents' paths."""
    return Comparison(old, new).run()


def types_of(schema):
    """The set of JSON types; None when any will do. An integer is a number, too."""
    kind = schema.get("type")
    if kind is None:
        return None
    types = {kind} if isinstance(kind, str) else set(kind)
    return types | {"integer"} if "number" in types else types


class Comparison:
    def __init__(self, old, new):
        self.old = old
        self.new = new
        self.found = []

    def run(self):
        old_paths, new_paths = self.old.get("paths", {}), self.new.get("paths", {})
        for path in old_paths | new_paths:
            if path not in new_paths:
                self.breaks(path, "the path is gone")
            elif path not in old_paths:
                self.adds(path, "a new path")
            else:
                self.path(path, old_paths[path], new_paths[path])
        return self.found

    def breaks(self, place, what):
        self.note(True, place, what)

    def adds(self, place, what):
        self.note(False, place, what)

    def note(self, breaking, place, what):
        difference = Difference(breaking, place, what)
        if difference not in self.found:
            self.found.append(difference)

    @staticmethod
    def resolve(document, value):
        while "$ref" in value:
            target = document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def path(self, path, old, new):
        for method in METHODS:
            place = f"{method.upper()} {path}"
            if method in old and method not in new:
                self.breaks(place, "the operation is gone")
            elif method not in old and method in new:
                self.adds(place, "a new operation")
            elif method in old:
                self.operation(place, old[method], new[method])

    def operation(self, place, old, new):
        if old.get("operationId") != new.get("operationId"):
            self.breaks(place,
                        f"operationId {old.get('operationId')} is {new.get('operationId')} now")
        if old.get("x-access") != new.get("x-access"):
            self.breaks(place, f"access {old.get('x-access')} is {new.get('x-access')} now")
        self.parameters(place, old, new)
        self.request_body(place, old, new)
        self.responses(place, old.get("responses", {}), new.get("responses", {}))

    def parameters(self, place, old, new):
        def by_name(document, operation):
            resolved = [self.resolve(document, p) for p in operation.get("parameters", [])]
            return {(p["in"], p["name"]): p for p in resolved}

        before, after = by_name(self.old, old), by_name(self.new, new)
        for key in before | after:
            where = f"{place} {key[0]} parameter {key[1]}"
            if key not in after:
                self.breaks(where, "the parameter is gone")
            elif key not in before:
                required = after[key].get("required", False)
                self.note(required, where, "a new parameter" + (", required" if required else ""))
            else:
                if after[key].get("required", False) and not before[key].get("required", False):
                    self.breaks(where, "it is required now")
                self.schema(where, before[key].get("schema", {}), after[key].get("schema", {}),
                            True)

    def request_body(self, place, old, new):
        where = f"{place} body"
        before, after = old.get("requestBody"), new.get("requestBody")
        if before is None and after is None:
            return
        if before is None or after is None:
            required = after is not None and after.get("required", False)
            self.note(after is None or required, where,
                      "it is gone" if after is None else "a new body")
            return
        before, after = self.resolve(self.old, before), self.resolve(self.new, after)
        if after.get("required", False) and not before.get("required", False):
            self.breaks(where, "it is required now")
        self.content(where, before.get("content", {}), after.get("content", {}), True)

    def responses(self, place, old, new):
        for status in old | new:
            where = f"{place} {status}"
            if status not in new:
                self.note(status.startswith("2"), where, "the status is gone")
            elif status not in old:
                self.adds(where, "a new status")
            else:
                before = self.resolve(self.old, old[status])
                after = self.resolve(self.new, new[status])
                self.headers(where, before.get("headers", {}), after.get("headers", {}))
                self.content(where, before.get("content", {}), after.get("content", {}), False)

    def headers(self, place, old, new):
        for name in old | new:
            if name not in new:
                self.breaks(f"{place} header {name}", "the header is gone")
            elif name not in old:
                self.adds(f"{place} header {name}", "a new header")

    def content(self, place, old, new, sent):
        for media in old | new:
            where = f"{place} {media}"
            if media not in new:
                self.breaks(where, "the media type is gone")
            elif media not in old:
                self.adds(where, "a new media type")
            else:
                self.schema(where, old[media].get("schema", {}), new[media].get("schema", {}), sent)

    def schema(self, place, old, new, sent, depth=0):
        """`sent`: by the client; otherwise answered to it."""
        if depth > DEPTH_MAX:
            return
        old, new = self.merged(self.old, old), self.merged(self.new, new)
        self.types(place, old, new, sent)
        self.enumeration(place, old, new, sent)
        self.limits(place, old, new, sent)
        self.properties(place, old, new, sent, depth)
        for member in ("items", "additionalProperties"):
            before, after = old.get(member), new.get(member)
            if isinstance(before, dict) and isinstance(after, dict):
                self.schema(f"{place}[]", before, after, sent, depth + 1)

    def merged(self, document, schema):
        """The schema with its reference followed and its allOf drawn in."""
        schema = dict(self.resolve(document, schema))
        for base in schema.pop("allOf", []):
            base = self.merged(document, base)
            schema["properties"] = base.get("properties", {}) | schema.get("properties", {})
            schema["required"] = base.get("required", []) + schema.get("required", [])
        return schema

    def types(self, place, old, new, sent):
        before, after = types_of(old), types_of(new)
        if before == after:
            return
        narrower = after is not None and (before is None or not before <= after)
        wider = before is not None and (after is None or not after <= before)

        def show(types):
            return "any" if types is None else " or ".join(sorted(types))

        self.note(narrower if sent else wider, place,
                  f"the type {show(before)} is {show(after)} now")

    def enumeration(self, place, old, new, sent):
        before, after = old.get("enum"), new.get("enum")
        if before == after:
            return
        if before is None or after is None:
            self.note((before is None) == sent, place,
                      "a list of values restricts it now" if before is None
                      else "no list of values restricts it any more")
            return
        for value in before:
            if value not in after:
                self.note(sent, place, f"the value {value!r} is gone")
        for value in after:
            if value not in before:
                self.adds(place, f"a new value {value!r}")

    def limits(self, place, old, new, sent):
        for name, sign in (("maxLength", -1), ("maximum", -1), ("maxItems", -1),
                           ("minLength", 1), ("minimum", 1), ("minItems", 1)):
            before, after = old.get(name), new.get(name)
            if before == after:
                continue
            narrower = after is not None and (before is None or (after - before) * sign > 0)
            self.note(narrower == sent, place, f"{name} {before} is {after} now")
        for name in ("pattern", "format"):
            before, after = old.get(name), new.get(name)
            if before != after:
                self.note(after is not None if sent else before is not None, place,
                          f"{name} {before} is {after} now")
        if sent and old.get("additionalProperties", True) and \
                new.get("additionalProperties", True) is False:
            self.breaks(place, "other members are refused now")

    def properties(self, place, old, new, sent, depth):
        before, after = old.get("properties", {}), new.get("properties", {})
        required_before, required_after = old.get("required", []), new.get("required", [])
        for name in before | after:
            where = f"{place} /{name}"
            if name not in after:
                self.breaks(where, "the member is gone")
                continue
            if name not in before:
                must = sent and name in required_after
                self.note(must, where, "a new member" + (", required" if must else ""))
                continue
            if name in required_after and name not in required_before and sent:
                self.breaks(where, "it is required now")
            if name in required_before and name not in required_after:
                self.note(not sent, where, "it may be absent now")
            self.schema(where, before[name], after[name], sent, depth + 1)
