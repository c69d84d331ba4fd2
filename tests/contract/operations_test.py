"""Every operation of the document, asked through the validating proxy of machine.py.

The last test counts: a new operation is either asked here or excused in NOT_THROUGH_PROXY.
"""

import json
import os
import re
import sys
import time
import unittest
import urllib.parse
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from examples import kinds, one_of_each  # noqa: E402
from machine import RECIPIENT, MachineTest, wait_until  # noqa: E402  (found by the line above)
from recorded import Recorder  # noqa: E402
from seat_operations import SeatOperations  # noqa: E402
from validating_proxy import DOCUMENT  # noqa: E402

NOT_THROUGH_PROXY = {
    "exchangeOnline": "asked by online_test.py over the command line",
    "postSetupPage": "a form of a browser: asked by access_test.py",
}
MERGE = "application/merge-patch+json"
NOBODY = "0199c0de-0000-7000-8000-0000000000ff"


def another():
    """The headers of a file that was not sent before."""
    return {"Content-Type": "text/csv", "Idempotency-Key": str(uuid.uuid4())}


def session_of(answer):
    """The headers of the session that it began, instead of the token."""
    return {"Authorization": "", "Cookie": answer.headers["Set-Cookie"].split(";")[0],
            "X-Skerry-Source": "console"}


class OperationsTest(SeatOperations, MachineTest):
    asked = set()

    @classmethod
    def setUpClass(cls):
        cls.document = json.loads(Path(DOCUMENT).read_text(encoding="utf-8"))
        cls.patterns = []
        for path, item in cls.document["paths"].items():
            expression = re.compile(re.sub(r"\\{[a-z]+\\}", "[^/:]+", re.escape(path)) + "$")
            for method, operation in item.items():
                cls.patterns.append((path.count("{"), method.upper(), expression,
                                     operation["operationId"]))
        cls.patterns.sort(key=lambda each: each[0])  # the most literal first

    def ask(self, machine, method, path, status, body=None, headers=None):
        answer = machine.http(method, path, body, headers)
        self.assertEqual(answer.status, status, answer)
        self.count(method, path, status)
        return answer

    def count(self, method, path, status):
        bare = urllib.parse.urlsplit(path).path
        name = next((name for _, verb, expression, name in self.patterns
                     if verb == method and expression.match(bare)), None)
        self.assertIsNotNone(name, f"{method} {path} is not in the document")
        if status < 300:
            self.asked.add(name)

    def carry(self, machine, method, path, status, file=None):
        """As ask(), for bundles: straight to the machine, and the answer then past Prism."""
        answer = machine.straight(method, path, file)
        self.assertEqual(answer.status, status, answer)
        self.recorder.check(answer, method, path, file is not None)
        self.count(method, path, status)
        return answer

    def test_1_records(self):
        """Makes, reads, lists, changes and deletes one of each kind, as the examples have it."""
        central = self.new_machine("central", "vendor", start=False).take_lever().start()
        soon = time.time() + 3600  # what a site may use is deleted when its time is over

        def create(plural, body):
            if plural == "allocations":
                body = body | {"until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon))}
            return self.ask(central, "POST", f"/v1/{plural}", 201, body,
                            {"Idempotency-Key": f"make-{plural}"}).json()

        paths = self.document["paths"]
        made = {kind: record for kind, record in one_of_each(self.document, create).items()
                if f"/v1/{kinds(self.document)[kind][0]}/{{id}}:archive" in paths}  # no users
        for kind, record in made.items():
            self.read_and_change(central, kinds(self.document)[kind][0], record)
        central.pass_time(3601)
        for kind in reversed(made):
            plural = kinds(self.document)[kind][0]
            tag = central.get(plural, made[kind]["id"]).headers["ETag"]
            self.ask(central, "DELETE", f"/v1/{plural}/{made[kind]['id']}", 204, None,
                     {"If-Match": tag})

    def read_and_change(self, machine, plural, record):
        address = f"/v1/{plural}/{record['id']}"
        answer = self.ask(machine, "GET", address, 200)
        tag = answer.headers["ETag"]
        self.ask(machine, "GET", address, 304, None, {"If-None-Match": tag})
        self.ask(machine, "GET", f"/v1/{plural}?limit=1&archived=include&sort=-id", 200)
        for verb in ("archive", "archive", "unarchive"):
            tag = self.ask(machine, "POST", f"{address}:{verb}", 200).headers["ETag"]
        nothing = "updated_since=2999-01-01T00:00:00Z"
        for verb in ("archive", "unarchive"):
            self.ask(machine, "POST", f"/v1/{plural}:{verb}?{nothing}", 200)
        if f"/v1/{plural}:batch" in self.document["paths"]:
            refused = {"atomic": True, "items": [{"op": "delete", "id": NOBODY}]}
            self.ask(machine, "POST", f"/v1/{plural}:batch", 422, refused)
            self.ask(machine, "POST", f"/v1/{plural}:batch", 200, refused | {"atomic": False})
        patch = self.document["paths"][f"/v1/{plural}/{{id}}"]["patch"]["requestBody"]["content"][
            MERGE]["example"]
        headers = {"If-Match": tag, "Content-Type": MERGE}
        self.ask(machine, "PATCH", address, 200, patch, headers)
        self.ask(machine, "PATCH", address, 422, {"nonsense": 1},
                 {"If-Match": "*", "Content-Type": MERGE})
        self.ask(machine, "PATCH", address, 428, {}, {"Content-Type": MERGE})
        self.ask(machine, "PATCH", address, 412, {},
                 {"If-Match": "\"99\"", "Content-Type": MERGE})
        self.ask(machine, "GET", f"{address}/audit?op=set", 200)
        self.ask(machine, "GET", f"/v1/{plural}/{NOBODY}", 404)

    def test_2_the_machine(self):
        central = self.new_machine("central", "vendor")
        customer = central.create("customers", {"name": "Lighthouse Bakery"})
        for path in ("/livez", "/readyz", "/metrics", "/docs", "/v1/openapi.json",
                     "/problems/not_found", "/v1/status", "/v1/doctor", "/v1/digest", "/v1/trust",
                     "/v1/changes?after=0&limit=10",
                     f"/v1/audit?kind=customer&record={customer['id']}&limit=10",
                     "/v1/search?q=light", "/v1/conflicts?state=open", "/v1/inbox?limit=5"):
            self.ask(central, "GET", path, 200)
        self.ask(central, "GET", "/problems/none", 404)
        self.ask(central, "GET", "/v1/search", 400)
        self.ask(central, "GET", "/v1/customers?nonsense=1", 400)
        self.ask(central, "GET", "/v1/customers?cursor=nonsense", 400)
        self.ask(central, "POST", "/v1/audit:verify", 200)
        for form in ("ndjson", "csv"):
            self.ask(central, "GET", f"/v1/audit:export?format={form}&source=api", 200)
        self.ask(central, "GET", f"/v1/changes?kind=customer&kind=note&customer={customer['id']}",
                 200)
        self.ask(central, "POST", "/v1/imports/customers?map=name%3DCompany&dry_run=true", 200,
                 "Company,Fax\nCooperage,1\n", another())
        self.ask(central, "POST", "/v1/imports/customers", 422, "Nonsense\n1\n", another())
        made = self.ask(central, "POST", "/v1/backups", 201, {"recipient": RECIPIENT}).json()
        self.ask(central, "GET", "/v1/backups", 200)
        self.ask(central, "POST", "/v1/backups:verify", 200, {"file": made["file"]})
        self.ask(central, "POST", "/v1/backups", 409)
        self.ask(central, "POST", "/v1/customers", 422, {"nonsense": 1})

    def test_2_verbs(self):
        central = self.new_machine("central", "vendor")
        customer = central.create("customers", {"name": "Lighthouse Bakery"})
        location = central.create("locations", {"customer": customer["id"], "name": "Quay"})
        product = central.create("products", {"sku": "OV", "name": "Oven", "type": "device"})
        assets = [central.create("assets", {"product": product["id"], "serial": serial})["id"]
                  for serial in ("1", "2")]
        self.ask(central, "POST", "/v1/assets:move", 201,
                 {"assets": assets, "to_location": location["id"],
                  "arrived_at": "2026-03-02T10:11:12Z"})
        self.ask(central, "POST", "/v1/assets:move", 422, {"assets": []})
        self.ask(central, "GET", f"/v1/assets/{assets[0]}/history", 200)
        self.ask(central, "POST", f"/v1/locations/{location['id']}:archive", 200)
        self.ask(central, "POST", f"/v1/assets/{assets[0]}:scrap", 200,
                 {"scrapped_on": "2026-03-02", "disposal_reason": "worn"})
        self.ask(central, "POST", f"/v1/assets/{assets[1]}:scrap", 422, {"disposal_reason": "worn"})
        self.ask(central, "GET", f"/v1/customers/{customer['id']}/summary", 200)
        self.ask(central, "GET", f"/v1/assets?at_customer={customer['id']}&scrapped=include"
                 "&count=true&sort=serial", 200)
        for verb in ("disable", "enable"):
            self.ask(central, "POST", f"/v1/customers/{customer['id']}:{verb}", 200)
        for name in ("One", "Two"):
            self.ask(central, "POST", "/v1/customers:batch", 200,
                     {"items": [{"op": "create", "record": {"name": name}}]})
        address = f"/v1/customers/{customer['id']}"
        refused = self.ask(central, "DELETE", address, 409, None, {"If-Match": "*"}).json()
        self.ask(central, "DELETE", f"{address}?confirm=no&token={refused['token']}", 422, None,
                 {"If-Match": "*"})

    def test_2_licences(self):
        central, site, medium = self.new_pair()
        customer = central.create("customers", {"name": "Lighthouse Bakery"})["id"]
        product = central.create("products",
                                 {"sku": "CAD", "name": "CAD", "type": "software"})["id"]
        central.create("features", {"product": product, "key": "hdr", "type": "bool"})
        edition = central.create("editions", {"product": product, "name": "Pro"})["id"]
        plan = central.create("plans", {"name": "Year", "license": "subscription",
                                        "duration": "P1Y", "starts": "manual"})["id"]
        central.create("offerings", {"sku": "PRO", "edition": edition, "plan": plan, "seats": 9})
        order = f"/v1/orders/{central.create('orders', {'customer': customer})['id']}"
        sold = self.ask(central, "POST", f"{order}:entitle", 201, {"skus": ["PRO"]}).json()
        self.ask(central, "POST", f"{order}:entitle", 422, {"skus": ["X"]})
        entitlement = f"/v1/entitlements/{sold['items'][0]['id']}"
        self.ask(central, "POST", f"{entitlement}:renew", 422)
        for verb in ("start", "renew", "disable", "enable"):
            self.ask(central, "POST", f"{entitlement}:{verb}", 200)
        self.ask(central, "GET", f"{entitlement}/allowance", 200)
        self.ask(site, "GET", f"{entitlement}/allowance", 404)
        codes = self.ask(central, "POST", f"{order}:codes", 201, {"count": 2}).json()["items"]
        self.ask(central, "POST", f"{order}:codes", 201, {"codes": ["one of my own"]})
        self.ask(central, "POST", f"{order}:codes", 409, {"codes": ["one of my own"]})
        self.read_and_change(central, "activation_codes", codes[0])
        given = central.create("allocations", {
            "entitlement": sold["items"][0]["id"], "site": self.site_id, "seats": 4,
            "until": "2099-01-01"})
        self.exchange(central, site, medium)
        self.ask(site, "GET", f"{entitlement}/allowance", 200)
        self.ask(site, "GET", "/v1/usage_facts:outgoing", 200)
        receipt = self.ask(central, "GET", "/v1/allocation_receipts", 200).json()["items"][0]
        self.read_and_change(central, "allocation_receipts", receipt)
        self.ask(central, "POST", f"/v1/allocations/{given['id']}:reclaim", 400)
        self.ask(central, "POST", f"/v1/allocations/{given['id']}:reclaim", 200, None,
                 {"Skerry-Reason": "sunk"})

    def test_3_tokens(self):
        central = self.new_machine("central", "vendor")
        token = self.ask(central, "POST", "/v1/tokens", 201,
                         {"name": "erp", "access": ["read"]}).json()
        self.ask(central, "GET", "/v1/tokens", 200)
        self.ask(central, "DELETE", f"/v1/tokens/{token['id']}", 200)
        self.ask(central, "DELETE", f"/v1/tokens/{NOBODY}", 404)
        self.ask(central, "POST", "/v1/tokens", 422, {"name": ""})
        central.token = token["token"]
        self.ask(central, "GET", "/v1/status", 401)

    def test_3_users_and_sessions(self):
        central = self.new_machine("central", "vendor", 'tls_address = "127.0.0.1:0"\n')
        made = self.ask(central, "POST", "/v1/users", 201, {"name": "alice", "role": "viewer"})
        self.ask(central, "GET", "/v1/users", 200)
        tag = self.ask(central, "GET", "/v1/users/alice", 200).headers["ETag"]
        self.ask(central, "PATCH", "/v1/users/alice", 200, {"role": "operator"},
                 {"If-Match": tag, "Content-Type": MERGE})
        self.ask(central, "PATCH", "/v1/users/alice", 412, {"role": "viewer"},
                 {"If-Match": tag, "Content-Type": MERGE})
        self.ask(central, "GET", f"/v1/users/{NOBODY}", 404)
        claim = {"code": made.json()["code"], "password": "kelp-forest-lantern"}
        self.ask(central, "POST", "/v1/session:claim", 422, claim | {"password": "short"})
        self.ask(central, "POST", "/v1/session:claim", 200, claim)
        self.ask(central, "POST", "/v1/session:claim", 401, claim)
        self.ask(central, "GET", f"/setup?code={claim['code']}", 200)
        who = {"name": "alice", "password": "kelp-forest-lantern"}
        self.ask(central, "POST", "/v1/session", 401, who | {"password": "wrong"})
        cookie = session_of(self.ask(central, "POST", "/v1/session", 200, who))
        self.ask(central, "GET", "/v1/session", 200, None, cookie)
        self.ask(central, "GET", "/v1/session", 200)
        sessions = self.ask(central, "GET", "/v1/sessions", 200, None, cookie).json()["items"]
        other = next(one["id"] for one in sessions if not one["current"])
        self.ask(central, "DELETE", f"/v1/sessions/{other}", 200, None, cookie)
        self.ask(central, "DELETE", f"/v1/sessions/{other}", 404, None, cookie)
        change = {"current": "kelp-forest-lantern", "password": "gravel tide umbrella"}
        self.ask(central, "POST", "/v1/session:password", 403, change)
        cookie = session_of(self.ask(central, "POST", "/v1/session:password", 200, change, cookie))
        self.ask(central, "DELETE", "/v1/session", 204, None, cookie)
        self.ask(central, "DELETE", "/v1/session", 401, None, cookie)
        self.ask(central, "DELETE", "/v1/session", 400)
        for verb in ("disable", "enable", "reset"):
            self.ask(central, "POST", f"/v1/users/alice:{verb}", 200)
        self.ask(central, "GET", "/v1/certificate", 200)
        self.ask(central, "POST", "/v1/certificate:renew", 200)

    def test_4_sites_and_conflicts(self):
        central, site, medium = self.new_pair()
        self.ask(central, "GET", "/v1/sites?status=active&sort=-contact_at", 200)
        another = self.ask(central, "POST", "/v1/sites:invite", 201,
                           {"name": "another", "scope": "all"}).json()["site"]
        self.read_and_change(central, "sites", another)
        self.ask(central, "POST", "/v1/sites:invite", 422, {"scope": "some"})
        customer = central.create("customers", {"name": "Mill"})
        self.exchange(central, site, medium)
        central.edit("customers", customer["id"], {"description": "from central"})
        site.edit("customers", customer["id"], {"description": "from the site"})
        for machine in (site, central):
            self.ask(machine, "GET", "/v1/status", 200)
            self.ask(machine, "GET", "/v1/doctor", 200)
            self.ask(machine, "POST", "/v1/lost-ranges:acknowledge", 200)
        self.ask(central, "POST", "/v1/bundles:export", 200, {"always": True})
        self.ask(site, "POST", "/v1/bundles:export", 200)
        self.ask(site, "POST", "/v1/bundles:export", 422, {"from": "nonsense"})
        self.exchange(central, site, medium)
        self.ask(central, "GET", "/v1/inbox", 200)
        for machine in (site, central):
            found = self.ask(machine, "GET", "/v1/conflicts", 200).json()["items"]
            self.assertEqual(len(found), 1)
            self.ask(machine, "GET", f"/v1/conflicts/{found[0]['id']}", 200)
            self.ask(machine, "GET", "/v1/audit", 200)
            self.ask(machine, "GET", "/v1/changes", 200)
        self.ask(central, "POST", f"/v1/conflicts/{found[0]['id']}:resolve", 200,
                 {"choose": "loser"})
        self.ask(central, "POST", f"/v1/conflicts/{found[0]['id']}:resolve", 409,
                 {"choose": "loser"})
        self.ask(central, "POST", f"/v1/conflicts/{found[0]['id']}:undo", 200)
        self.ask(central, "POST", f"/v1/conflicts/{found[0]['id']}:undo", 409)
        self.ask(central, "POST", f"/v1/conflicts/{NOBODY}:undo", 404)
        self.ask(central, "POST", f"/v1/conflicts/{found[0]['id']}:resolve", 200,
                 {"choose": "central", "always": True})
        central.edit("customers", customer["id"], {"description": "newest"})
        self.ask(central, "POST", f"/v1/conflicts/{found[0]['id']}:undo", 412)
        rule = {"kind": "customer", "field": "name", "side": "site"}
        self.ask(central, "POST", "/v1/conflict-rules", 200, rule)
        self.ask(central, "POST", "/v1/conflict-rules", 422, rule | {"field": "none"})
        self.ask(site, "POST", "/v1/conflict-rules", 409, rule)
        self.ask(central, "GET", "/v1/conflict-rules", 200)
        self.ask(central, "DELETE", "/v1/conflict-rules/customer/name", 204)
        self.ask(central, "DELETE", "/v1/conflict-rules/customer/name", 404)
        self.ask(central, "POST", f"/v1/sites/{self.site_id}:revoke", 200)
        self.ask(site, "POST", "/v1/sites:invite", 409, {"name": "none of a site's"})

    def test_5_imports_and_exports(self):
        central = self.new_machine("central", "vendor")
        self.ask(central, "POST", "/v1/imports/customers?map=name%3DCompany&ignore=Fax"
                 "&save_mapping=crm", 200, "Company,Fax\nCooperage,1\n", another())
        self.ask(central, "GET", "/v1/mappings", 200)
        self.ask(central, "GET", "/v1/mappings/crm", 200)
        session = self.ask(central, "POST", "/v1/import-sessions?kind=customers&mapping=crm"
                           "&mode=good-rows-only", 202,
                           "Company,Fax\nSail Loft,\n\"\",2\n", another()).json()
        address = f"/v1/import-sessions/{session['id']}"
        wait_until(lambda: self.ask(central, "GET", address, 200).json()["state"] == "done")
        self.ask(central, "GET", f"{address}/rejects", 200)
        self.ask(central, "GET", "/v1/import-sessions", 200)
        self.ask(central, "POST", f"{address}:cancel", 202)
        self.ask(central, "GET", f"/v1/import-sessions/{NOBODY}", 404)
        central.create("custom_fields", {"record_kind": "customer", "key": "size",
                                         "type": "number"})
        for path in self.document["paths"]:
            if path.startswith("/v1/exports/"):
                for form in ("csv", "ndjson"):
                    self.ask(central, "GET", f"{path}?format={form}&archived=include", 200)
        filters = "custom.size=null&roles=customer&disabled=false&updated_since=2026-01-01"
        for path in ("/v1/customers", "/v1/exports/customers"):
            answer = self.ask(central, "GET", f"{path}?{filters}&sort=-name", 200)
            self.assertIn("Sail Loft", str(answer.body))
            self.ask(central, "GET", f"{path}?custom.size=large", 400)
        self.ask(central, "GET", "/v1/exports/customers?limit=1", 400)
        self.ask(central, "DELETE", "/v1/mappings/crm", 204)
        self.ask(central, "DELETE", "/v1/mappings/crm", 404)

    def test_6_bundles(self):
        """An enrolment and an exchange, without the command line."""
        self.recorder = Recorder()
        self.addCleanup(self.recorder.stop)
        central, site = (self.new_machine(role, "here") for role in ("central", "site"))

        def fetch(machine, bundle):
            return self.carry(machine, "GET", f"/v1/outbox/{bundle['name']}", 200).body

        invited = self.ask(central, "POST", "/v1/sites:invite", 201, {"name": "there"}).json()
        invitation = fetch(central, invited["bundle"])
        enrolled = self.carry(site, "POST", "/v1/enrolment", 200, invitation).json()
        answer = fetch(site, enrolled["bundle"])
        self.carry(central, "POST", "/v1/sites:admit", 200, answer)
        admitted = self.carry(central, "POST", "/v1/sites:admit?confirm=yes", 200, answer).json()
        self.assertTrue(admitted["admitted"])
        state = fetch(central, admitted["bundles"][0])
        self.carry(site, "POST", "/v1/bundles?name=state", 200, state)
        self.carry(site, "POST", "/v1/bundles", 200, state)
        self.carry(central, "POST", "/v1/bundles", 422, b"no bundle")
        site.create("customers", {"name": "From the site"})
        packed = self.ask(site, "POST", "/v1/bundles:export", 200).json()["bundles"]
        reply = self.carry(central, "POST", "/v1/exchange", 200, fetch(site, packed[0]))
        self.assertEqual(reply.headers["X-Skerry-Outcome"], "applied")
        self.carry(site, "POST", "/v1/bundles", 200, reply.body)
        self.ask(site, "DELETE", f"/v1/outbox/{packed[0]['name']}", 204)
        self.ask(site, "DELETE", f"/v1/outbox/{packed[0]['name']}", 404)

    def test_7_copies(self):
        central, site, medium = self.new_pair()
        twins = [self.twin_of(site, f"twin{n}") for n in range(3)]
        for n, twin in enumerate(twins):
            stick = self.new_medium(f"stick{n}")
            twin.create("customers", {"name": f"of twin {n}"})
            for machine in (twin, central, twin):
                machine.run("exchange", stick)
        self.ask(twins[2], "POST", "/v1/customers", 409, {"name": "of a copy"})
        self.ask(twins[2], "GET", "/v1/status", 200)
        self.ask(central, "GET", "/v1/status", 200)
        place = f"/v1/sites/{self.site_id}"
        listed = self.ask(central, "GET", f"{place}/copies", 200).json()["items"]
        epochs = [each["epoch"] for each in listed if each["quarantined"] > 0]
        self.ask(central, "POST", f"{place}:adopt?epoch={epochs[0]}", 200)
        self.ask(central, "POST", f"{place}:adopt?epoch={epochs[0]}", 404)
        self.ask(central, "POST", f"{place}:reauthorise", 200)
        self.ask(central, "POST", f"{place}:discard", 200)
        self.ask(central, "POST", f"{place}:discard", 404)

    def test_9_nothing_is_left_out(self):
        known = {name for *_, name in self.patterns}
        self.assertEqual(set(NOT_THROUGH_PROXY) - known, set(), "excused, but not in the document")
        self.assertEqual(known - self.asked - set(NOT_THROUGH_PROXY), set(),
                         "operations that no test asks through the proxy")


if __name__ == "__main__":
    if not os.environ.get("SKERRY_PROXY"):
        sys.exit("SKERRY_PROXY is not set: tests/contract/proxy_test.py runs this")
    unittest.main()
