"""Wrong requests to every operation of the document: each is refused, and says where it is wrong.

Never 5xx, always a problem document with a code and a detail, and nothing is written: the head of
the change feed stands where it stood.
"""

import http.client
import itertools
import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from examples import kinds, members_of, one_of_each  # noqa: E402
from machine import RECIPIENT, MachineTest  # noqa: E402  (found by the line above)
from wrong_requests import METHODS, Operation  # noqa: E402

NOBODY = "0199c0de-0000-7000-8000-0000000000ff"
TIMEOUT_SECONDS = 60
REFUSALS = {400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 428}

REFUSALS_LOGGED = {"denied", "token_refused", "sign_in_failed", "code_refused",
                   "sign_in_braked"}

NOT_WRITTEN = {"sites", "activation_codes", "allocation_receipts", "usage_facts"}


class Client:
    """One connection after another, as long as the machine keeps each."""

    def __init__(self, machine):
        self.machine = machine
        self.connection = None

    def ask(self, method, target, headers=None, body=None):
        headers = {"Authorization": f"Bearer {self.machine.token}", **(headers or {})}
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.machine.address,
                                                         timeout=TIMEOUT_SECONDS)
        self.connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            if value is not None:
                self.connection.putheader(name, value)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            self.connection.putheader("Content-Length", str(len(body or b"")))
        try:
            self.connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent: the answer is there
        answer = self.connection.getresponse()
        answer.text = answer.read()
        if answer.will_close:
            self.connection.close()
            self.connection = None
        return answer


class WrongRequests:
    """At the machine that make_machine() gives; `maker` is where records of every kind are made."""

    def setUp(self):
        super().setUp()
        self.make_machine()
        self.document = self.machine.http("GET", "/v1/openapi.json").json()
        self.client = Client(self.machine)
        self.types = set()
        self.wrongs = 0
        self.numbers = itertools.count(2)
        self.make_world()
        self.addCleanup(self.drop_client)

    def drop_client(self):
        if self.client.connection is not None:
            self.client.connection.close()

    def make_world(self):
        """What the names in paths stand for, and a right body for each operation with one."""
        machine = self.machine
        self.made = one_of_each(self.document, self.maker.create)
        self.share()
        self.ids = {kinds(self.document)[kind][0]: record["id"]
                    for kind, record in self.made.items()}
        self.ids["tokens"] = machine.http("POST", "/v1/tokens",
                                          {"name": "t", "access": ["read"]}).json()["id"]
        self.ids["users"] = machine.http("POST", "/v1/users",
                                         {"name": "u", "role": "viewer"}).json()["id"]
        table = machine.http("POST", "/v1/imports/customers?map=name%3DName&save_mapping=crm"
                             "&dry_run=true", "Name\nMill\n",
                             {"Content-Type": "text/csv", "Idempotency-Key": "table"})
        self.assertEqual(table.status, 200, table)
        self.ids["mappings"] = "crm"
        started = machine.http("POST", "/v1/import-sessions?kind=customers&dry_run=true",
                               "name\nMill\n",
                               {"Content-Type": "text/csv", "Idempotency-Key": "session"})
        self.ids["import-sessions"] = started.json()["id"]
        self.ids["problems"] = "not_found"
        self.backup = machine.http("POST", "/v1/backups", {"recipient": RECIPIENT}).json()["file"]

    def target_of(self, path):
        """The path with names that stand for something, where there is something."""
        if "{" not in path:
            return path
        if "{plural}" in path:
            return path.replace("{plural}", "customers")
        collection = path.split("/{")[0].rsplit("/", 1)[1]
        return re.sub(r"{\w+}", self.ids.get(collection, NOBODY), path)

    def right_body(self, path, operation):
        content = operation.get("requestBody", {}).get("content", {})
        media = next(iter(content), None)
        if media is None:
            return None
        body = content[media].get("example")
        if not isinstance(body, dict):
            return b"name\nMill\n"
        if path == "/v1/backups":
            return {"to": str(self.folder / "mine.backup"), "recipient": RECIPIENT}
        if path == "/v1/backups:verify":
            return {"file": self.backup}
        for kind, (plural, example) in kinds(self.document).items():
            if path == f"/v1/{plural}" and body == example:
                return self.another(kind)
        return body

    def another(self, kind):
        """As the record of that kind that is there, with other values where they are unique."""
        members = members_of(self.document, kind)
        body = {name: self.made[kind][name] for name in kinds(self.document)[kind][1]}
        for name, value in body.items():
            if members[name].get("description", "").startswith("Unique") or name == "key":
                body[name] = f"{value}{next(self.numbers)}"
        if kind == "allocation":  # one for each entitlement and site
            body["entitlement"] = self.maker.create("entitlements",
                                                    self.another("entitlement"))["id"]
        return body

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, described in item.items():
                yield Operation(self.document, path, method, self.target_of(path),
                                self.right_body(path, described))

    def head(self):
        """The newest row of the log that tells of more than that somebody was refused."""
        answer = self.client.ask("GET", "/v1/audit?limit=200")
        return next(row["n"] for row in json.loads(answer.text)["items"]
                    if row["detail"] not in REFUSALS_LOGGED)

    def check_refusal(self, answer, place):
        """What is wrong with the refusal itself; None when nothing is."""
        if answer.status not in REFUSALS:
            return f"HTTP {answer.status}"
        if answer.getheader("Content-Type") != "application/problem+json":
            return f"HTTP {answer.status} as {answer.getheader('Content-Type')}"
        problem = json.loads(answer.text)
        self.types.add(problem["type"])
        if problem["status"] != answer.status or not problem["code"] or not problem.get("detail"):
            return "no status, code or detail"
        said = json.dumps(problem, ensure_ascii=False)
        if place in said or problem["code"] in self.whole:
            return None
        return f"{place!r} is not named"

    def assert_refused(self, wrong):
        self.wrongs += 1
        answer = self.client.ask(wrong.method, wrong.target, wrong.headers, wrong.body)
        finding = self.check_refusal(answer, wrong.place)
        # Of a kind that no write makes there may be none, and then nothing else is looked at.
        of_none = NOBODY in wrong.target and NOT_WRITTEN & set(re.split("[/:]", wrong.target))
        if finding and not (of_none and answer.status == 404):
            self.fail(f"{wrong.method} {wrong.target[:120]}: {wrong.what}: {finding}: "
                      f"{answer.text[:400]!r}")

    def test_every_operation_refuses_what_is_wrong(self):
        for operation in self.operations():
            before = self.head()
            for wrong in operation.all():
                with self.subTest(operation.name, what=wrong.what):
                    self.assert_refused(wrong)
            with self.subTest(operation.name, what="nothing is written"):
                self.assertEqual(self.head(), before)
        self.assertGreater(self.wrongs, 5_000)
        for kind in sorted(self.types):
            with self.subTest(kind):
                page = self.client.ask("GET", kind, {"Authorization": None})
                self.assertEqual(page.status, 200)
                self.assertEqual(json.loads(page.text)["code"], kind.rsplit("/", 1)[1])
        self.assert_whole(self.machine)

    def test_methods(self):
        for path, item in self.document["paths"].items():
            target = self.target_of(path)
            known = {method.upper() for method in item}
            options = self.client.ask("OPTIONS", target, {"Authorization": None})
            with self.subTest(path, what="OPTIONS"):
                self.assertEqual(options.status, 204)
                allowed = set(options.getheader("Allow").split(", "))
                described = known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set())
                # Kinds that no write makes have the routes of every kind, and say what does.
                made_otherwise = NOT_WRITTEN & set(re.split("[/:]", path))
                refused = allowed - described if made_otherwise else set()
                self.assertEqual(allowed - refused, described)
            for method in set(METHODS) - known:
                with self.subTest(path, what=method):
                    answer = self.client.ask(method, target)
                    self.assertEqual(answer.status, 405)
                    if method in refused:
                        self.assertTrue(json.loads(answer.text)["next"])
                        self.assertEqual(set(answer.getheader("Allow").split(", ")), described)
                        continue
                    self.assertIsNone(self.check_refusal(answer, method))
                    self.assertEqual(answer.getheader("Allow"), options.getheader("Allow"))
            if "GET" in known:
                with self.subTest(path, what="HEAD"):
                    head, get = (self.client.ask(method, target) for method in ("HEAD", "GET"))
                    self.assertEqual(head.status, get.status)
                    self.assertEqual(head.text, b"")

    def test_cursors_fit_their_own_list_only(self):
        """Each list's cursor at every other list, and at its own with another filter."""
        for kind in self.made:
            self.maker.create(kinds(self.document)[kind][0], self.another(kind))
        self.share()
        lists = [operation for operation in self.operations()
                 if operation.parameter("query", "cursor")]
        cursors = {}
        for operation in list(lists):
            answer = self.client.ask("GET", f"{operation.target}?limit=1")
            if answer.status == 404:  # a list of a thing that this machine has none of
                lists.remove(operation)
                continue
            cursor = json.loads(answer.text).get("next_cursor")
            if cursor:
                cursors[operation.target] = cursor
        self.assertGreater(len(cursors), 3)
        for origin, cursor in cursors.items():
            for operation in lists:
                query = f"cursor={cursor}&limit=1"
                if operation.target == origin:
                    filters = [each for each in ("since=2026-01-01T00:00:00Z", "q=x")
                               if operation.parameter("query", each.partition("=")[0])]
                    if not filters:
                        continue
                    query += "&" + filters[0]
                with self.subTest(f"{origin} at {operation.target}?{query}"):
                    answer = self.client.ask("GET", f"{operation.target}?{query}")
                    self.assertEqual(answer.status, 400, answer.text)
                    self.assertEqual(json.loads(answer.text)["code"], "bad_cursor")


class AtCentral(WrongRequests, MachineTest):
    whole = {"wrong_role"}  # of nothing that this machine does: no place is named

    def make_machine(self):
        self.maker = self.machine = self.new_machine("central", "vendor")

    def share(self):
        pass

    def make_world(self):
        super().make_world()
        invited = self.machine.http("POST", "/v1/sites:invite", {"name": "there"}).json()
        self.ids["outbox"] = invited["bundle"]["name"]
        self.ids["sites"] = invited["site"]["id"]


class AtSite(WrongRequests, MachineTest):
    # Of the sites it knows none, and what is central's it refuses before it looks at it.
    whole = {"wrong_role", "owned_by_central", "not_found"}

    def make_machine(self):
        self.maker, self.machine, self.medium = self.new_pair()

    def share(self):
        self.exchange(self.maker, self.machine, self.medium)

    def make_world(self):
        super().make_world()
        packed = self.machine.http("POST", "/v1/bundles:export").json()["bundles"]
        self.ids["outbox"] = packed[0]["name"]


if __name__ == "__main__":
    unittest.main()
