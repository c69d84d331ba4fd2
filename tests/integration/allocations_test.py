"""What a site holds of an entitlement: less of it, an earlier end, what it used of it."""

import time
import unittest

from usage_world import FAR, UsageWorld


class Allocations(UsageWorld):
    def kept(self):
        return self.central.get("allocations", self.allocation).json()

    def test_a_release_confirms_what_waited_for_it(self):
        apps = [self.application(f"press-{number}") for number in (1, 2)]
        for app in apps:
            self.assertEqual(app.activate().status, 201)
        self.central.edit("allocations", self.allocation, {"seats": 1})
        self.carry()
        self.assertEqual(self.kept()["confirmed"], 1)
        self.assertEqual(apps[0].call("DELETE").status, 204)
        self.site.ok("exchange", self.medium)
        self.central.ok("exchange", self.medium)
        self.assertEqual((self.kept()["issue"], self.kept()["confirmed"]), (2, 2))

    def test_an_earlier_end_waits_for_a_seat_that_is_lent_beyond_it(self):
        app = self.application("away")
        app.activate()
        soon, later = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
                       for days in (2, 20))
        self.assertEqual(app.call("POST", "/borrow", {"until": later}).status, 200)
        self.central.edit("allocations", self.allocation, {"until": soon})
        self.carry()
        self.assertEqual(self.kept()["confirmed"], 1)
        self.assertEqual(app.call("DELETE").status, 204)
        self.site.ok("exchange", self.medium)
        self.central.ok("exchange", self.medium)
        self.assertEqual(self.kept()["confirmed"], 2)

    def test_an_earlier_end_is_confirmed_while_seats_are_out_that_it_does_not_cut(self):
        app = self.application("press-1")
        app.activate()
        self.assertEqual(app.call("POST", "/refresh").status, 200)
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2 * 86400))
        self.central.edit("allocations", self.allocation, {"until": soon})
        self.carry()
        self.assertEqual(self.kept()["confirmed"], 2)
        self.assertEqual(app.call("POST", "/refresh").status, 200)

    def test_amounts_count_in_receipts(self):
        app = self.application("press-1")
        app.activate()
        app.call("POST", "/features/cores/checkout", {"amount": 5})
        app.call("POST", "/features/prints/usage", {"amount": 30})
        self.central.edit("allocations", self.allocation, {"amounts": {"cores": 4, "prints": 40}})
        self.carry()
        self.assertEqual(self.kept()["confirmed"], 1)
        app.call("POST", "/features/cores/return", {"amount": 2})
        self.site.ok("exchange", self.medium)
        self.central.ok("exchange", self.medium)
        self.assertEqual(self.kept()["confirmed"], 2)
        receipts = self.central.http("GET", "/v1/allocation_receipts").json()["items"]
        self.assertIn({"cores": 3, "prints": 30}, [receipt["amounts"] for receipt in receipts])

    def test_what_a_site_used_stays_used(self):
        app = self.application("press-1")
        app.activate()
        self.assertEqual(app.call("POST", "/features/prints/usage", {"amount": 90}).status, 200)
        self.assertEqual(app.call("DELETE").status, 204)
        self.central.edit("allocations", self.allocation, {"until": "2020-01-01T00:00:00Z"})
        self.carry()
        self.site.ok("exchange", self.medium)
        self.central.ok("exchange", self.medium)
        self.assertEqual(self.kept()["confirmed"], 2)
        left = self.central.http("GET", f"/v1/entitlements/{self.entitlement}/allowance").json()
        self.assertEqual((left["seats"], left["features"]["prints"]["amount"]), (2, 10))
        here = self.application("here", self.central)
        self.assertEqual(here.activate().status, 201)
        prints = lambda amount: here.call("POST", "/features/prints/usage", {"amount": amount})
        self.assertEqual(prints(11).status, 409)
        self.assertEqual(prints(9).status, 200)
        again = lambda amount: self.patch("allocations", self.allocation, {
            "seats": 1, "amounts": {"prints": amount}, "until": FAR})
        refused = again(92)
        self.assertEqual((refused.status, refused.json()["errors"][0]["code"]), (422, "oversold"))
        self.assertEqual(again(91).status, 200)
        self.carry()
        app = self.application("press-2")
        self.assertEqual(app.activate().status, 201)
        used = lambda amount: app.call("POST", "/features/prints/usage", {"amount": amount})
        self.assertEqual((used(2).status, used(1).status), (409, 200))

    def patch(self, plural, record, body):
        tag = self.central.get(plural, record).headers["ETag"]
        return self.central.http("PATCH", f"/v1/{plural}/{record}", body,
                                 {"If-Match": tag, "Content-Type": "application/merge-patch+json"})

    def test_what_central_gave_cannot_be_allocated(self):
        self.central.edit("allocations", self.allocation, {"seats": 1})
        self.carry()
        app = self.application("here", self.central)
        self.assertEqual(app.activate().status, 201)
        refused = self.patch("allocations", self.allocation, {"seats": 2})
        self.assertEqual((refused.status, refused.json()["errors"][0]["code"]), (422, "oversold"))
        self.assertEqual(app.call("DELETE").status, 204)
        self.assertEqual(self.patch("allocations", self.allocation, {"seats": 2}).status, 200)

    def test_a_forced_reduction_is_disputed(self):
        refused = self.patch("entitlements", self.entitlement, {"seats": 1})
        self.assertEqual((refused.status, refused.json()["code"]), (409, "in_use"))
        address = f"/v1/entitlements/{self.entitlement}:reduce"
        self.assertEqual(self.central.http("POST", address, {"seats": 1}).status, 400)
        self.assertEqual(self.central.http("POST", address, {"seats": 0}).status, 422)
        why = {"Skerry-Reason": "not paid"}
        for body in ({}, {"seats": 2}, {"seats": 0}, {"seats": "1"}, {"seats": 1, "more": 1}):
            self.assertEqual(self.central.http("POST", address, body, why).status, 422, body)
        done = self.central.http("POST", address, {"seats": 1}, why)
        self.assertEqual((done.status, done.json()["seats"]), (200, 1), done)
        self.assertEqual((self.kept()["seats"], self.kept()["disputed_seats"]), (1, 1))
        self.assertEqual(self.kept()["amounts"], {"cores": 8, "prints": 100})
        self.assertEqual(self.site.http("POST", address, {"seats": 1}, why).status, 409)
        self.carry()
        self.assertEqual(self.application("press-1").activate().status, 201)
        self.assertEqual(self.application("press-2").activate().status, 409)


if __name__ == "__main__":
    unittest.main()
