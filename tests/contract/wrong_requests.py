"""Requests that are wrong in one place each, made from the document.

`target` is right but for what `what` says; `place` is what the refusal must name.
"""

import json
import urllib.parse
from typing import NamedTuple

from wrong_values import LONG, resolved, wrong_query_texts, wrong_values

QUERY_PARAMETERS_MAX = 64
DEPTH_MAX = 32
BODY_BYTES_MAX = 1024 * 1024
KNOWN_ELSEWHERE = ("limit", "cursor", "kind", "sort", "count", "format", "dry_run", "confirm")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")

# Bodies that are no JSON as the machine reads it; each is told with its byte.
NO_JSON = [b"", b"{", b"[]", b"null", b"7", b'"x"', b"{} {}", b"{'a':1}", b'{"a":1,}', b'{"a":01}',
           b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b'{"a":"\xff"}', b"\xff\xfe{}",
           b"\xef\xbb\xbf{}", b'{"a":"\\ud800"}', b'{"a":1e400}', b'{"a":9007199254740993}',
           b'{"a":123456789012345678901234567890}', b'{"a":"\x01"}', b"\0", b"[" * LONG,
           b'{"a":' * DEPTH_MAX + b"{}" + b"}" * DEPTH_MAX]
NO_UPLOAD = [b"", b"\0", b"\xff\xfe\x00", b"nonsense", b"[" * LONG, bytes(range(256)) * 64,
             b"Nonsense\n1\n", b"name,name\n1,2\n", b'name\n"open', b"name\n1,2,3\n"]


class Wrong(NamedTuple):
    what: str
    method: str
    target: str
    headers: dict
    body: bytes | None
    place: str = ""


class Operation:
    """One operation of the document and a request of it that nothing is wrong with."""

    def __init__(self, document, path, method, target, body):
        self.document = document
        self.path = path
        self.method = method.upper()
        self.described = document["paths"][path][method]
        self.target = target
        content = self.described.get("requestBody", {}).get("content", {})
        self.media = next(iter(content), None)
        self.schema = content.get(self.media, {}).get("schema", {})
        self.right = body
        self.parameters = [resolved(document, each)
                           for each in self.described.get("parameters", [])]
        self.required = {each["name"]: each["example"] for each in self.parameters
                         if each["in"] == "query" and each.get("required")}
        self.headers = {"Content-Type": self.media} if self.media else {}
        if self.parameter("header", "If-Match"):
            self.headers["If-Match"] = "*"
        if (self.parameter("header", "Idempotency-Key") or {}).get("required"):
            self.headers["Idempotency-Key"] = "wrong"

    @property
    def name(self):
        """As it stands in the document."""
        return f"{self.method} {self.path}"

    def parameter(self, where, name):
        """Its description; None without such a parameter."""
        return next((each for each in self.parameters
                     if (each["in"], each["name"]) == (where, name)), None)

    def encoded(self, value):
        return value if value is None or isinstance(value, bytes) else json.dumps(value).encode()

    def wrong(self, what, place="", query="", headers=None, body=None):
        """The right request with this instead. A header that is None is left out."""
        given = {name for name, _ in urllib.parse.parse_qsl(query, True)}
        query = "&".join([f"{name}={text}" for name, text in self.required.items()
                          if name not in given] + ([query] if query else []))
        return Wrong(what, self.method, f"{self.target}?{query}" if query else self.target,
                     {**self.headers, **(headers or {})},
                     self.encoded(self.right if body is None else body), place)

    def wrong_queries(self):
        body = self.right
        if self.path == "/v1/assets:move":  # its filters stand instead of this member
            body = {name: value for name, value in body.items() if name != "assets"}
        for what, place, query in self.queries():
            yield self.wrong(what, place, query=query, body=body)

    def queries(self):
        """(what is wrong, the place to be named, the query)"""
        for name in ("nonsense", *KNOWN_ELSEWHERE):
            if not self.parameter("query", name):
                yield f"the parameter {name}", name, f"{name}=1"
        for text in ("%zz", "a=%0", "a=%ff", "a=%00", "=1", "&", "a=<"):
            yield f"the query {text}", "", text
        many = "&".join(f"p{i}=1" for i in range(QUERY_PARAMETERS_MAX + 1))
        yield "too many parameters", str(QUERY_PARAMETERS_MAX), many
        for parameter in self.parameters:
            if parameter["in"] == "query":
                yield from self.wrong_texts_of(parameter)
        if self.parameter("query", "cursor"):
            for cursor in ("nonsense", "", "WyIwIl0", "A" * LONG, "%2e%2e", "a.b"):
                yield f"the cursor {cursor[:20]}", "cursor", f"cursor={cursor}"

    def wrong_texts_of(self, parameter):
        name, schema = parameter["name"], resolved(self.document, parameter["schema"])
        if schema.get("type") != "array":
            yield f"{name} twice", name, f"{name}=1&{name}=1"
        for text in wrong_query_texts(resolved(self.document, schema.get("items", schema))):
            query = urllib.parse.urlencode({name: text})
            yield f"the parameter {query[:80]}", name, query

    def wrong_bodies(self):
        if self.media is None:
            yield self.wrong("a body where none is read", "body", body=b'{"a":1}',
                             headers={"Content-Type": "application/json"})
        elif "json" in self.media:
            may_be_empty = not self.described["requestBody"]["required"]
            for body in NO_JSON[1:] if may_be_empty else NO_JSON:
                yield self.wrong(f"the body {body[:40]!r}", "body", body=body)
            yield self.wrong("a body of another type", "application/json",
                             headers={"Content-Type": "text/plain"})
            yield self.wrong("a body of no type", "application/json",
                             headers={"Content-Type": None})
            yield self.wrong("a body too large", str(BODY_BYTES_MAX),
                             body=b'{"a":"' + b"x" * BODY_BYTES_MAX + b'"}')
            yield from self.wrong_members()
        elif "202" not in self.described["responses"]:  # else its outcome tells of the file
            for body in NO_UPLOAD:
                yield self.wrong(f"the file {body[:40]!r}", body=body)
        if self.media:
            yield self.wrong("a body in a coding", "Content-Encoding",
                             headers={"Content-Encoding": "gzip"})

    def wrong_members(self):
        schema = resolved(self.document, self.schema)
        for value in wrong_values(self.document, schema, self.right):
            if not isinstance(value, dict):
                continue  # no object: in NO_JSON
            names = sorted({name for name in value.keys() | self.right.keys()
                            if value.get(name) != self.right.get(name)})
            if names:
                yield self.wrong(f"{names[0]} is {json.dumps(value.get(names[0]))[:60]}", names[0],
                                 body=value)

    def wrong_headers(self):
        if self.described.get("security") != []:
            yield self.wrong("no token", headers={"Authorization": None})
            yield self.wrong("another scheme", "Authorization",
                             headers={"Authorization": "Basic Og=="})
        if self.parameter("header", "If-Match"):
            if self.parameter("header", "If-Match").get("required"):
                yield self.wrong("no If-Match", "If-Match", headers={"If-Match": None})
            for tag in ('"99"', "1", 'W/"1"', '"1', '""', '"x"', "\xff", '"1", "2"', "x" * LONG):
                yield self.wrong(f"If-Match: {tag[:20]}", headers={"If-Match": tag})
        if self.parameter("header", "Idempotency-Key"):
            if self.parameter("header", "Idempotency-Key").get("required"):
                yield self.wrong("no Idempotency-Key", "Idempotency-Key",
                                 headers={"Idempotency-Key": None})
            for key in ("x" * 256, "\xe4", "a\tb"):
                yield self.wrong(f"Idempotency-Key: {key[:20]}", "Idempotency-Key",
                                 headers={"Idempotency-Key": key})
        if self.parameter("header", "Skerry-Reason"):
            for reason in ("\xff\xfe", "x" * LONG):
                yield self.wrong(f"Skerry-Reason: {reason[:20]!r}", "Skerry-Reason",
                                 headers={"Skerry-Reason": reason})
        if self.parameter("header", "Last-Event-ID"):
            for identity in ("x", "-1", "1-zzzzzzzzzzzzzzzz", "9" * 30, "9999-", "-"):
                yield self.wrong(f"Last-Event-ID: {identity}", headers={"Last-Event-ID": identity})

    def wrong_paths(self):
        """Other texts where the path has a name."""
        if "{" not in self.path:
            return
        before, _, rest = self.path.partition("{")
        after = rest.partition("}")[2]
        for text in ("x", "0199c0de-0000-7000-8000-0000000000fe", "%00", "%ff", "%zz", "..%2f",
                     "x" * LONG, "a%20b", "-1", "%F0%9F%A6%86"):
            target = f"{before}{text}{after}"
            yield Wrong(f"the path {target[:80]}", self.method, target, self.headers,
                        self.encoded(self.right))

    def all(self):
        yield from self.wrong_queries()
        yield from self.wrong_bodies()
        yield from self.wrong_headers()
        yield from self.wrong_paths()

