"""From the catalogue to what a dark site may grant, over the real binary (LICENSING, H26)."""

import hashlib
import unittest

from machine import MachineTest
from record_world import NOBODY, Records

FAR = "2099-01-01T00:00:00.000Z"


class Catalogue(Records):
    def setUp(self):
        super().setUp()
        self.furnish()

    def furnish(self):
        self.product = self.made("products", sku="CAD", name="CAD", type="software",
                                 lease_seconds=600)["id"]
        self.made("features", product=self.product, key="hdr", type="bool")
        self.made("features", product=self.product, key="render", type="usage_count", amount=100)
        self.made("attributes", product=self.product, key="tier", type="string", value="basic")
        self.edition = self.made("editions", product=self.product, name="Pro",
                                 features={"hdr": True, "render": 500})["id"]
        self.plan = self.made("plans", name="Year", license="subscription", duration="P1Y")["id"]
        self.offering = self.offer("PRO-1Y", seats=10)
        self.acme = self.made("customers", name="Acme", account_ref="A-1")["id"]

    def offer(self, sku, **terms):
        return self.made("offerings", sku=sku, edition=self.edition, plan=self.plan, **terms)["id"]

    def sold(self, **terms):
        return self.made("entitlements", customer=self.acme, offering=self.offering, **terms)

    def act(self, plural, record, verb, body=None, **headers):
        return self.post(f"/v1/{plural}/{record}:{verb}", body, headers)

    def allowance(self, machine, entitlement):
        return machine.http("GET", f"/v1/entitlements/{entitlement}/allowance")


class Entitlements(Catalogue):
    def test_a_copy_with_overrides(self):
        made = self.sold(seats=4)
        self.assertEqual(made["overridden"], ["seats"])
        self.assertEqual(made["features"], {"hdr": True, "render": 500})
        self.assertEqual(made["attributes"], {"tier": "basic"})
        self.assertEqual(made["product"], self.product)
        back = self.central.edit("entitlements", made["id"], {"seats": None,
                                                              "features": {"render": 7}})
        self.assertEqual((back["seats"], back["overridden"]), (10, ["features.render"]))
        more = self.offer("PRO-50", seats=50)
        moved = self.central.edit("entitlements", made["id"], {"offering": more})
        self.assertEqual((moved["seats"], moved["features"]["render"]), (50, 7))
        log = self.central.http("GET", f"/v1/entitlements/{made['id']}/audit").json()["items"]
        self.assertIn("offering", str(log[0]))

    def test_refusals_name_the_place(self):
        post = lambda **more: self.post("/v1/entitlements", {"customer": self.acme,
                                                             "offering": self.offering, **more})
        self.refused(post(features={"nokey": 1}), 422, "validation_failed",
                     ["/features/nokey unknown_key"])
        self.refused(post(overdraft="lots"), 422, "validation_failed", ["/overdraft bad_overdraft"])
        self.refused(post(overridden=["seats"]), 422, "validation_failed",
                     ["/overridden read_only"])
        self.refused(post(offering=NOBODY), 422, "reference_not_found",
                     ["/offering reference_not_found"])
        self.refused(self.post("/v1/activation_codes", {"sales_order": NOBODY}), 405,
                     "method_not_allowed")
        for path in ("entitlements/x:renew", f"entitlements/{NOBODY}:renew",
                     f"entitlements/{NOBODY}:start", f"entitlements/{NOBODY}:disable"):
            self.refused(self.post(f"/v1/{path}"), 404, "not_found")
        self.refused(self.allowance(self.central, NOBODY), 404, "not_found")

    def test_renewed_before_and_behind_its_end(self):
        made = self.sold(starts_at="2026-01-31T00:00:00Z", expires_at="2098-01-31T00:00:00Z")
        renewed = self.act("entitlements", made["id"], "renew")
        self.assertEqual(renewed.status, 200, renewed)
        self.assertEqual(renewed.json()["expires_at"], "2099-01-31T00:00:00.000Z")
        over = self.sold(starts_at="2001-01-01T00:00:00Z", expires_at="2002-01-01T00:00:00Z")
        self.assertEqual(self.allowance(self.central, over["id"]).json()["status"], "expired")
        again = self.act("entitlements", over["id"], "renew").json()
        self.assertGreater(again["expires_at"], again["renewed_at"])
        self.assertEqual(self.allowance(self.central, over["id"]).json()["status"], "active")
        self.refused(self.act("entitlements", over["id"], "renew", **{"If-Match": '"1"'}), 412,
                     "precondition_failed")

    def test_statuses(self):
        self.plan = self.made("plans", name="By hand", license="perpetual", starts="manual")["id"]
        self.offering = self.offer("HAND", seats=1)
        made = self.sold()
        status = lambda: self.allowance(self.central, made["id"]).json()["status"]
        self.assertEqual(status(), "created")
        self.refused(self.act("entitlements", made["id"], "renew"), 422, "validation_failed",
                     ["/duration not_a_subscription"])
        begun = self.act("entitlements", made["id"], "start").json()
        self.assertEqual(self.act("entitlements", made["id"], "start").json(), begun)
        self.assertEqual(status(), "active")
        self.act("customers", self.acme, "disable")
        self.assertEqual(status(), "customer_disabled")
        self.assertEqual(self.act("entitlements", made["id"], "disable").status, 200)
        self.assertEqual(status(), "disabled")
        self.act("customers", self.acme, "enable")
        self.assertEqual(status(), "disabled")
        self.act("entitlements", made["id"], "enable")
        self.assertEqual(status(), "active")


class Orders(Catalogue):
    def setUp(self):
        super().setUp()
        self.order = self.made("orders", customer=self.acme, order_ref="O-1")["id"]

    def test_entitlements_from_skus(self):
        self.offer("PRO-5", seats=5)
        made = self.act("orders", self.order, "entitle", {"skus": ["PRO-1Y", "PRO-5"]})
        self.assertEqual(made.status, 201, made)
        self.assertEqual([item["seats"] for item in made.json()["items"]], [10, 5])
        self.assertEqual({item["customer"] for item in made.json()["items"]}, {self.acme})
        self.refused(self.act("orders", self.order, "entitle", {"skus": ["PRO-5", "X", "Y"]}), 422,
                     "validation_failed", ["/skus/1 unknown_sku", "/skus/2 unknown_sku"])
        for wrong in ({}, {"skus": []}, {"skus": "X"}, {"skus": [1]}, {"skus": ["X"], "a": 1},
                      {"skus": ["X"] * 101}):
            self.refused(self.act("orders", self.order, "entitle", wrong), 422,
                         "validation_failed")
        self.assertEqual(len(self.ids("/v1/entitlements")), 2)

    def test_codes_are_shown_once(self):
        key = {"Idempotency-Key": "k1"}
        made = self.act("orders", self.order, "codes", {"count": 3}, **key)
        self.assertEqual(made.status, 201, made)
        items = made.json()["items"]
        self.assertEqual(len({item["code"] for item in items}), 3)
        again = self.act("orders", self.order, "codes", {"count": 3}, **key).json()["items"]
        self.assertEqual([item["id"] for item in again], [item["id"] for item in items])
        self.assertNotIn("code", again[0])
        kept = self.read("activation_codes", items[0])
        plain = items[0]["code"].replace("-", "")
        self.assertEqual(kept["digest"], hashlib.sha256(plain.encode()).hexdigest())
        self.assertEqual(kept["hint"], plain[-4:])
        self.central.stop()
        for file in self.central.data.iterdir():
            if file.is_file():
                content = file.read_bytes()
                self.assertNotIn(plain.encode(), content, file)
                self.assertNotIn(items[0]["code"].encode(), content, file)
        self.central.start()

    def test_ones_own_codes(self):
        self.assertEqual(self.act("orders", self.order, "codes", {"codes": ["acme-2026-x"]}).status,
                         201)
        self.refused(self.act("orders", self.order, "codes", {"codes": ["fresh-one-1",
                                                                        "ACME 2026 X"]}),
                     409, "duplicate_key", ["/codes/1 duplicate_key"])
        self.refused(self.act("orders", self.order, "codes", {"codes": ["short"]}), 422,
                     "validation_failed", ["/codes/0 bad_code"])
        for wrong in ({}, {"count": 0}, {"count": 101}, {"count": "1"}, {"codes": []},
                      {"codes": ["abcdefgh"], "count": 1}, {"number": 1}):
            self.refused(self.act("orders", self.order, "codes", wrong), 422, "validation_failed")
        self.assertEqual(len(self.ids("/v1/activation_codes")), 1)


class Files(Catalogue):
    def test_entitlements_from_a_file(self):
        self.made("orders", customer=self.acme, order_ref="O-1")
        file = self.folder / "entitlements.csv"
        file.write_text("entitlement_ref,customer_ref,offering_sku,seats,features\n"
                        'E-1,A-1,PRO-1Y,,\nE-2,A-1,PRO-1Y,3,"{""render"":9}"\n', encoding="utf-8")
        for _ in range(2):
            done = self.central.ok("import", "entitlements", file, "--json").document()
        self.assertEqual((done["created"], done["unchanged"]), (0, 2), done)
        answer = self.central.http("GET", "/v1/entitlements?entitlement_ref=E-2").json()["items"]
        self.assertEqual(answer[0]["overridden"], ["features.render", "seats"])

    def test_the_catalogue_comes_back_as_it_went(self):
        self.sold(entitlement_ref="E-1", seats=3, features={"render": 9})
        other = self.new_machine("central", "other")
        for plural in ("customers", "products", "plans", "features", "attributes", "editions",
                       "offerings", "entitlements"):
            file = self.folder / f"{plural}.csv"
            file.write_text(self.central.ok("export", plural).out, encoding="utf-8")
            other.ok("import", plural, file)
            self.assertEqual(other.ok("export", plural).out, file.read_text(encoding="utf-8"))


class Allocations(Catalogue):
    def setUp(self):
        MachineTest.setUp(self)
        self.central, self.site, self.medium = self.new_pair()
        self.furnish()

    def test_H26_seats_are_in_one_place(self):
        sold = self.sold()["id"]
        given = self.made("allocations", entitlement=sold, site=self.site_id, seats=6,
                          amounts={"render": 200}, until=FAR)
        self.assertEqual(self.allowance(self.central, sold).json()["seats"], 4)
        self.exchange(self.central, self.site, self.medium)
        there = self.allowance(self.site, sold).json()
        self.assertEqual((there["seats"], there["overdraft"], there["status"]), (6, 0, "active"))
        self.assertEqual(there["features"]["render"]["amount"], 200)
        self.assertEqual(there["allocated_until"], FAR)

        # Fewer: they count on until the site's own word about it is back.
        self.central.edit("allocations", given["id"], {"seats": 1, "amounts": {"render": 0}})
        self.assertEqual(self.allowance(self.central, sold).json()["seats"], 4)
        self.central.ok("exchange", self.medium)
        self.assertEqual(self.allowance(self.site, sold).json()["seats"], 6)
        self.site.ok("exchange", self.medium)
        self.assertEqual(self.allowance(self.site, sold).json()["seats"], 1)
        self.assertEqual(self.allowance(self.central, sold).json()["seats"], 4)
        self.central.ok("exchange", self.medium)
        here = self.allowance(self.central, sold).json()
        self.assertEqual((here["seats"], here["features"]["render"]["amount"]), (9, 500))
        kept = self.read("allocations", given)
        self.assertEqual((kept["issue"], kept["confirmed"], kept["held_seats"]), (2, 2, 6))
        self.exchange(self.central, self.site, self.medium)
        self.assert_same_state(self.central, self.site)
        for machine in (self.central, self.site):
            self.assert_whole(machine)

    def test_a_note_about_an_entitlement_travels(self):
        sold = self.sold()["id"]
        self.exchange(self.central, self.site, self.medium)
        note = self.site.create("notes", {"subject": sold, "text": "renews in May"})
        self.exchange(self.central, self.site, self.medium)
        there = self.central.http("GET", f"/v1/notes?subject={sold}").json()["items"]
        self.assertEqual([each["id"] for each in there], [note["id"]])
        rows = self.central.http("GET", f"/v1/notes/{note['id']}/audit").json()["items"]
        self.assertEqual([row["op"] for row in rows], ["new"])
        tag = {"If-Match": self.central.get("entitlements", sold).headers["ETag"]}
        asked = self.central.http("DELETE", f"/v1/entitlements/{sold}", None, tag)
        self.assertEqual(self.refused(asked, 409, "in_use")["counts"], {"notes": 1})
        self.assert_same_state(self.central, self.site)

    def test_what_does_not_fit(self):
        sold = self.sold()["id"]
        body = {"entitlement": sold, "site": self.site_id, "until": FAR}
        self.refused(self.post("/v1/allocations", {**body, "seats": 11}), 422, "validation_failed",
                     ["/seats oversold"])
        self.made("allocations", seats=8, **body)
        tag = self.central.get("entitlements", sold).headers["ETag"]
        self.refused(self.central.http("PATCH", f"/v1/entitlements/{sold}", {"seats": 7},
                                       {"If-Match": tag,
                                        "Content-Type": "application/merge-patch+json"}),
                     409, "in_use", ["/seats in_use"])
        given = self.central.http("GET", f"/v1/allocations?entitlement={sold}").json()["items"][0]
        self.refused(self.act("allocations", given["id"], "reclaim"), 400, "bad_request")
        why = {"Skerry-Reason": "sunk"}
        back = self.act("allocations", given["id"], "reclaim", **why).json()
        self.assertEqual((back["seats"], back["disputed_seats"], back["disputed_until"]),
                         (0, 8, FAR))
        self.assertEqual(self.allowance(self.central, sold).json()["seats"], 10)
        self.assertIn("8 seats are disputed", self.central.run("status").out)
        self.assertIn("8 seats are disputed", self.central.run("doctor").out)
        log = self.central.http("GET", f"/v1/allocations/{given['id']}/audit").json()["items"]
        self.assertIn("sunk", str(log))
        self.refused(self.act("allocations", given["id"], "reclaim", **why), 422,
                     "validation_failed", ["/seats nothing_allocated"])
        self.exchange(self.central, self.site, self.medium)
        refused = self.site.http("POST", f"/v1/entitlements/{sold}:renew")
        self.assertEqual((refused.status, refused.json()["code"]), (409, "owned_by_central"))
        tag = {"If-Match": self.site.get("customers", self.acme).headers["ETag"]}
        refused = self.refused(self.site.http("DELETE", f"/v1/customers/{self.acme}", None, tag),
                               409, "owned_by_central")
        self.assertIn("would go, too", refused["detail"])
        self.assertEqual(self.site.http("POST", "/v1/allocation_receipts", {}).status, 405)

    def test_what_has_no_name_is_deleted_by_its_id(self):
        sold = self.sold()["id"]
        given = self.made("allocations", entitlement=sold, site=self.site_id, seats=1, until=FAR)
        address = f"/v1/entitlements/{sold}"
        tag = {"If-Match": self.central.get("entitlements", sold).headers["ETag"]}
        refused = self.refused(self.central.http("DELETE", address, None, tag), 409, "in_use")
        self.assertIn(f"allocation {given['id']} would go, too", refused["detail"])
        self.assertNotIn("token", refused)  # nobody is offered what the second step refuses
        self.act("allocations", given["id"], "reclaim", **{"Skerry-Reason": "sunk"})
        asked = self.central.http("DELETE", address, None, tag).json()
        self.assertIn("confirm=<the id of the entitlement>", asked["next"])
        gone = lambda confirm: self.central.http(
            "DELETE", f"{address}?confirm={confirm}&token={asked['token']}", None, tag)
        self.refused(gone(""), 422, "validation_failed")
        self.assertEqual(gone(sold).status, 204)

    def test_what_is_refused_says_what_to_do(self):
        sold = self.sold()["id"]
        body = {"entitlement": sold, "site": self.site_id, "seats": 8}
        past = self.post("/v1/allocations", {**body, "until": "2020-01-01T00:00:00Z"})
        self.refused(past, 422, "validation_failed", ["/until in_the_past"])
        self.made("allocations", until=FAR, **body)
        tag = self.central.get("entitlements", sold).headers["ETag"]
        refused = self.central.http("PATCH", f"/v1/entitlements/{sold}", {"seats": 7},
                                    {"If-Match": tag,
                                     "Content-Type": "application/merge-patch+json"})
        self.assertIn(f"/v1/entitlements/{sold}:reduce", refused.json()["next"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
