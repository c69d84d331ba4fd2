"""Records over HTTP: deletion, custom fields, and what is refused whatever comes."""

import http.client
import json
import unittest

from record_world import NOBODY, Records
from validating_proxy import PROXY


class Deleting(Records):
    def remove(self, plural, record, query="", headers=None):
        tag = self.central.get(plural, record["id"]).headers["ETag"]
        return self.central.http("DELETE", f"/v1/{plural}/{record['id']}{query}", None,
                                 {"If-Match": tag, **(headers or {})})

    def test_in_two_steps(self):
        pump, acme, yard, _ = self.world()
        asset = self.made("assets", product=pump["id"], serial="1", owner=acme["id"])
        self.made("moves", asset=asset["id"], to_location=yard["id"], arrived_at="2026-01-01")
        first = self.remove("customers", acme)
        problem = self.refused(first, 409, "in_use")
        self.assertEqual(problem["counts"], {"assets": 1, "locations": 2, "moves": 1})
        token = problem["token"]
        for query, status, code in (
                ("?confirm=acme&token=" + token, 422, "validation_failed"),
                ("?confirm=Acme&token=0000", 409, "in_use"),
                ("?confirm=Acme", 400, "bad_request"),
                ("?token=" + token, 400, "bad_request")):
            self.refused(self.remove("customers", acme, query), status, code)
        made = self.central.ok("token", "create", "clerk", "--access", "read,write", "--json")
        clerk = {"Authorization": f"Bearer {made.document()['token']}"}
        query = f"?confirm=Acme&token={token}"
        self.refused(self.remove("customers", acme, query, clerk), 403, "forbidden")
        self.made("contacts", customer=acme["id"], email="a@b.example")
        self.refused(self.remove("customers", acme, query), 409, "in_use")
        token = self.refused(self.remove("customers", acme), 409, "in_use")["token"]
        done = self.remove("customers", acme, f"?confirm=Acme&token={token}")
        self.assertEqual(done.status, 204, done)
        for plural in ("customers", "assets", "moves", "locations", "contacts"):
            self.assertEqual(self.ids(f"/v1/{plural}?archived=include"), [], plural)
        rows = self.central.http("GET", f"/v1/audit?record={asset['id']}").json()["items"]
        self.assertGreaterEqual(len(rows), 2)
        self.assert_whole(self.central)

    def test_an_asset_with_moves_goes_by_its_serial(self):
        pump, _, yard, _ = self.world()
        asset = self.made("assets", product=pump["id"], serial="S 1")
        self.made("moves", asset=asset["id"], to_location=yard["id"], arrived_at="2026-01-01")
        token = self.refused(self.remove("assets", asset), 409, "in_use")["token"]
        done = self.remove("assets", asset, f"?confirm=S%201&token={token}")
        self.assertEqual(done.status, 204, done)

    def test_what_nothing_refers_to_goes_at_once(self):
        acme = self.made("customers", name="Acme")
        self.assertEqual(self.remove("customers", acme).status, 204)
        answer = self.central.http("GET", f"/v1/customers/{acme['id']}")
        self.refused(answer, 404, "not_found")


class CustomFields(Records):
    def define(self, key, kind, **more):
        return self.made("custom_fields", record_kind="customer", key=key, type=kind, **more)

    def test_end_to_end(self):
        self.define("tax", "text", unique=True)
        self.define("seats", "number")
        self.define("vip", "boolean")
        self.define("since", "date")
        tier = self.define("tier", "option", options=["gold", "tin"])
        custom = {"tax": "DE1", "seats": 12.5, "vip": False, "since": "2026-03-02", "tier": "tin"}
        acme = self.made("customers", name="Acme", custom=custom)
        self.assertEqual(self.read("customers", acme)["custom"], custom)
        edited = self.central.edit("customers", acme["id"], {"custom": {"vip": None, "seats": 3}})
        del custom["vip"]
        self.assertEqual(edited["custom"], {**custom, "seats": 3})
        self.refused(self.post("/v1/customers", {"name": "B", "custom": {
            "tax": 1, "seats": "1", "vip": 0, "since": "soon", "tier": "wood", "colour": "red",
            "Bad/key": 1}}), 422, "validation_failed",
                     ["/custom/Bad~1key bad_key", "/custom/tax wrong_type",
                      "/custom/seats wrong_type", "/custom/vip wrong_type",
                      "/custom/since bad_date", "/custom/tier bad_choice",
                      "/custom/colour unknown_field"])
        self.refused(self.post("/v1/customers", {"name": "B", "custom": {"tax": "DE1"}}), 409,
                     "duplicate_key", ["/custom/tax duplicate_key"])
        self.assertEqual(self.post(f"/v1/custom_fields/{tier['id']}:archive").status, 200)
        self.refused(self.post("/v1/customers", {"name": "B", "custom": {"tier": "gold"}}), 422,
                     "validation_failed", ["/custom/tier unknown_field"])
        self.assertEqual(self.read("customers", acme)["custom"]["tier"], "tin")

    def test_one_in_use_is_archived_not_deleted(self):
        field = self.define("k", "text")
        acme = self.made("customers", name="Acme", custom={"k": "x"})

        def remove():
            return self.central.http("DELETE", f"/v1/custom_fields/{field['id']}", None,
                                     {"If-Match": "*"})

        problem = self.refused(remove(), 409, "in_use")
        self.assertIn(":archive", problem["next"])
        self.assertNotIn("token", problem)
        self.central.edit("customers", acme["id"], {"custom": {"k": None}})
        self.assertEqual(remove().status, 204)

    def test_definitions(self):
        self.define("k", "text")
        for body, code in (({"key": "k", "type": "text"}, 409), ({"key": "K", "type": "text"}, 422),
                           ({"key": "o", "type": "option"}, 422), ({"key": "x"}, 422)):
            answer = self.post("/v1/custom_fields", {"record_kind": "customer", **body})
            self.assertEqual(answer.status, code, answer)

    def test_a_site_reads_and_does_not_define(self):
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(self.central, site, medium, "mine")
        self.define("n", "number")
        self.made("products", sku="P", name="Pump", type="device")
        self.exchange(self.central, site, medium)
        for plural, body in (("custom_fields", {"record_kind": "asset", "key": "k",
                                                "type": "text"}),
                             ("products", {"sku": "Q", "name": "Q", "type": "device"})):
            self.refused(site.http("POST", f"/v1/{plural}", body), 409, "owned_by_central")
        # A proxy in JavaScript writes 9.1e15 as a whole number, which is refused there.
        site.create("customers", {"name": "Acme", "custom": {"n": 0.5 if PROXY else 9.1e15}})
        self.exchange(self.central, site, medium)
        self.assert_same_state(self.central, site)


class Refusals(Records):
    def test_every_complaint_at_once_and_what_to_do(self):
        self.made("customers", name="Acme", account_ref="A")
        problem = self.refused(
            self.post("/v1/customers", {"id": "0199c0de-0000-4000-8000-000000000001", "name": "",
                                        "account_ref": "A", "custom": {"k": 1}, "x": 1}),
            422, "validation_failed",
            ["/id bad_id", "/name empty", "/x unknown_field", "/account_ref duplicate_key",
             "/custom/k unknown_field"])
        self.assertEqual(problem["detail"], "5 values of the customer are not acceptable")
        self.assertIn("choose another account_ref", problem["next"])
        for query in ("limit=0", "count=x", "sort=none", "archived=x"):
            answer = self.central.http("GET", f"/v1/customers?{query}")
            self.assertEqual(answer.status, 400, answer)
            self.assertTrue(answer.json().get("next"), query)

    def test_a_product_with_assets_stays_a_device(self):
        pump, _, _, _ = self.world()
        self.made("assets", product=pump["id"], serial="1")
        change = self.central.http("PATCH", f"/v1/products/{pump['id']}", {"type": "software"},
                                   {"If-Match": "*",
                                    "Content-Type": "application/merge-patch+json"})
        self.refused(change, 409, "in_use", ["/type in_use"])

    def test_what_is_done_to_many_needs_to_know_which(self):
        acme = self.made("customers", name="Acme")
        for query in ("", "?archived=exclude", "?archived=include"):
            self.refused(self.post(f"/v1/customers:archive{query}"), 400, "bad_request")
        other = self.made("customers", name="Other", account_ref="O")
        done = self.post("/v1/customers:archive?account_ref=O").json()
        self.assertEqual((done["selected"], done["changed"]), (1, 1))
        self.assertEqual(self.ids("/v1/customers"), [acme["id"]])
        back = self.post("/v1/customers:unarchive?account_ref=O").json()
        self.assertEqual((back["selected"], back["changed"]), (1, 1))
        self.assertIsNone(self.read("customers", other)["archived_at"])

    def test_all_that_is_archived_comes_back_at_once(self):
        made = [self.made("customers", name=name)["id"] for name in ("Acme", "Bolt", "Cog")]
        done = self.post("/v1/customers:archive?roles=customer").json()
        self.assertEqual((done["selected"], done["changed"]), (3, 3))
        lost = self.post("/v1/customers:unarchive?archived=include")
        self.assertIn("/v1/customers:unarchive?", self.refused(lost, 400, "bad_request")["next"])
        for counts in ((3, 3), (0, 0)):
            back = self.post("/v1/customers:unarchive?archived=only").json()
            self.assertEqual((back["selected"], back["changed"]), counts)
        self.assertEqual(sorted(self.ids("/v1/customers")), sorted(made))
        self.assertEqual(self.ids("/v1/customers?archived=only"), [])


class Nonsense(Records):
    """Whatever comes, the answer is a refusal that says what is wrong."""

    BODIES = [b"", b"{", b"[]", b"null", b"7", b'"x"', b"{}", b'{"a":1,"a":2}', b'{"name":[[[]]]}',
              b'{"items":null}', b'{"items":[null,{},[]]}', b'{"assets":{},"to_location":7}',
              b'{"custom":{"":{}}}', b'{"custom":[1e400]}', b'{"id":7}', b'{"id":null,"name":"x"}',
              b'{"scrapped_on":1,"disposal_price":{}}', b'{"disposal_price":1e300}',
              b'{"address":{"country":{"country":1}}}', b'{"options":[[]],"position":1e15}',
              b'{"\\u0000":1}', b'{"name":"\\u0000"}', b"\xff\xfe", b'{"name":"\xff"}',
              b"[" * 200, b'{"n":123456789012345678901234567890}']

    def send(self, method, path, body):
        connection = http.client.HTTPConnection(self.central.address, timeout=30)
        headers = {"Authorization": f"Bearer {self.central.token}", "If-Match": '"1"',
                   "Content-Type": "application/merge-patch+json" if method == "PATCH"
                   else "application/json"}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, text

    def test_a_key_that_stands_twice_is_named(self):
        self.central.http("GET", "/livez")  # makes the token
        for path, body, pointer in (
                ("/v1/customers", b'{"name":"A","name":"B"}', "/name"),
                ("/v1/customers:batch", b'{"items":[{},{"record":{"a":[],"a":1}}]}',
                 "/items/1/record/a")):
            status, text = self.send("POST", path, body)
            problem = json.loads(text)
            self.assertEqual((status, problem["code"]), (400, "bad_json"))
            found = [(each["pointer"], each["code"]) for each in problem["errors"]]
            self.assertEqual(found, [(pointer, "repeated")])

    def test_no_body_is_too_strange(self):
        pump, acme, yard, _ = self.world()
        asset = self.made("assets", product=pump["id"], serial="1", owner=acme["id"])
        document = self.central.http("GET", "/v1/openapi.json").json()
        skipped = ("/v1/exchange", "/v1/backups", "/v1/audit:verify")
        plurals = ("customers", "contacts", "locations", "notes", "products", "assets", "moves",
                   "custom_fields")
        paths = {("POST", f"/v1/{plural}") for plural in plurals}
        paths |= {("POST", f"/v1/{plural}:batch") for plural in plurals}
        for plural, record in (("customers", acme), ("products", pump), ("locations", yard),
                               ("assets", asset)):
            paths |= {("PATCH", f"/v1/{plural}/{record['id']}"),
                      ("PATCH", f"/v1/{plural}/nonsense"), ("PATCH", f"/v1/{plural}/{NOBODY}")}
        paths.add(("POST", f"/v1/assets/{NOBODY}:scrap"))
        for path, methods in document["paths"].items():
            if "post" in methods and "{" not in path and path not in skipped:
                paths.add(("POST", path))
        for method, path in sorted(paths):
            for body in self.BODIES:
                status, text = self.send(method, path, body)
                self.assertLess(status, 500, f"{method} {path} {body[:60]!r}: {text[:300]!r}")
                if status >= 400:
                    self.assertIn("code", json.loads(text), f"{method} {path} {body[:60]!r}")
        self.assertEqual(self.send("GET", "/readyz", None)[0], 200)
        self.assert_whole(self.central)

    def test_paths_that_name_nothing(self):
        self.made("customers", name="Acme")
        for method, path in (("POST", "/v1/customers:"), ("POST", "/v1/customers:frobnicate"),
                             ("POST", "/v1/customers/x:y:z"), ("POST", "/v1/:batch"),
                             ("POST", "/v1/customers/%00:archive"), ("PATCH", "/v1/customers/%ff"),
                             ("DELETE", "/v1/customers/..%2f"), ("POST", "/v1/assets:scrap"),
                             ("GET", "/v1/assets/x/history"), ("GET", "/v1/customers?archived=x"),
                             ("GET", "/v1/assets?scrapped=perhaps"),
                             ("GET", "/v1/assets?location=x")):
            status, text = self.send(method, path, b"{}" if method != "GET" else None)
            self.assertIn(status, range(400, 500), f"{method} {path}: {text[:300]!r}")


if __name__ == "__main__":
    unittest.main()
