"""What happened to seats at a dark site, as central hears of it."""

import base64
import csv
import io
import json
import shutil
import subprocess
import unittest

from machine import COMMAND_SECONDS, READ_QR_CODES, run, wait_until
from usage_world import FAR, UsageWorld

WORKED = {("activation", None): 2, ("denial", None): 1, ("clone", None): 1, ("release", None): 1,
          ("usage", "prints"): 30, ("high_water", None): 2, ("high_water", "cores"): 5}
TOOLS = ("tar", "openssl", "jq", "age", "zstd")


class Facts(UsageWorld):
    def test_they_reach_central_by_bundle_and_count_once(self):
        self.work()
        self.carry()
        self.assertEqual(self.summed(self.site), WORKED)
        there = self.facts(self.central)
        self.assertEqual(there, self.facts(self.site))
        self.assertEqual({fact["site"] for fact in there}, {self.site_id})
        self.assertEqual({fact["entitlement"] for fact in there}, {self.entitlement})
        self.carry()
        self.assertEqual(self.facts(self.central), there)
        self.assert_same_state(self.central, self.site)
        for machine in (self.central, self.site):
            self.assert_whole(machine)

    def test_central_finds_them_by_what_they_say(self):
        ann = self.work()
        self.carry()
        for query, found in ((f"&entitlement={self.entitlement}", 8), ("&what=denial", 1),
                             (f"&activation={ann.id}", 1), ("&user=bob.unmistakable", 3),
                             ("&machine=press-3", 1), (f"&site={self.site_id}&what=release", 1),
                             ("&site=central", 0), ("&at_since=2099-01-01", 0)):
            with self.subTest(query):
                self.assertEqual(len(self.facts(self.central, query)), found)

    def test_nobody_changes_them(self):
        self.work()
        self.carry()
        fact = self.facts(self.central)[0]["id"]
        for machine in (self.central, self.site):
            tag = {"If-Match": machine.get("usage_facts", fact).headers["ETag"],
                   "Content-Type": "application/merge-patch+json"}
            address = f"/v1/usage_facts/{fact}"
            self.assertEqual(machine.http("POST", "/v1/usage_facts", {}).status, 405)
            self.assertEqual(machine.http("DELETE", address, None, tag).status, 405)
            self.assertEqual(machine.http("PATCH", address, {"amount": 9}, tag).status, 422)

    def test_a_crash_loses_no_seat_that_was_given(self):
        apps = [self.application(f"press-{number}") for number in (1, 2)]
        for app in apps:
            self.assertEqual(app.activate().status, 201)
        self.site.kill()
        self.site.start()
        self.carry()
        given = self.facts(self.central, "&what=activation")
        self.assertEqual({fact["activation"] for fact in given}, {app.id for app in apps})

    def test_what_central_itself_gives_is_told_as_its_own(self):
        self.central.edit("allocations", self.allocation, {"seats": 1})
        self.carry()
        app = self.application("here", self.central)
        self.assertEqual(app.activate().status, 201)
        wait_until(lambda: self.facts(self.central, "&what=activation"), 10)
        self.assertEqual(self.facts(self.central, "&what=activation")[0]["site"], "central")

    def test_an_entitlement_begins_with_its_first_seat(self):
        central = self.central
        plan = central.create("plans", {"name": "Year", "license": "subscription",
                                        "duration": "P1Y", "starts": "first_activation"})["id"]
        edition = central.http("GET", "/v1/editions").json()["items"][0]["id"]
        offering = central.create("offerings", {"sku": "PRESS-1Y", "edition": edition,
                                                "plan": plan, "seats": 3})["id"]
        order = central.http("GET", "/v1/orders").json()["items"][0]["id"]
        sold = central.create("entitlements", {"customer": self.customer, "offering": offering,
                                               "sales_order": order})["id"]
        central.create("allocations", {"entitlement": sold, "site": self.site_id, "seats": 3,
                                       "amounts": {"prints": 100}, "until": "2099-01-01"})
        self.carry()
        self.assertIsNone(central.get("entitlements", sold).json()["starts_at"])
        apps = [self.application(f"press-{number}") for number in (1, 2, 3)]
        for app in apps:
            self.assertEqual(app.activate().status, 201)
        prints = lambda amount: apps[2].call("POST", "/features/prints/usage", {"amount": amount})
        self.assertEqual(prints(90).status, 200)
        self.carry()
        begun = self.facts(central, f"&what=activation&entitlement={sold}")
        first = min(fact["at"] for fact in begun)
        for machine in (central, self.site):
            entitlement = machine.get("entitlements", sold).json()
            self.assertEqual(entitlement["starts_at"], first)
            self.assertIsNotNone(entitlement["expires_at"])
        refused = prints(20)  # what was used before its beginning was known counts
        self.assertEqual((refused.status, refused.json()["in_use"]), (409, 90), refused)

    def test_what_is_used_before_a_renewal_is_heard_of_is_not_forgotten(self):
        central = self.central
        edition = central.http("GET", "/v1/editions").json()["items"][0]["id"]
        plan = central.create("plans", {"name": "Year", "license": "subscription",
                                        "duration": "P1Y"})["id"]
        offering = central.create("offerings", {"sku": "PRESS-1Y", "edition": edition,
                                                "plan": plan, "seats": 1})["id"]
        order = central.http("GET", "/v1/orders").json()["items"][0]["id"]
        sold = central.create("entitlements", {"customer": self.customer, "offering": offering,
                                               "sales_order": order})["id"]
        central.create("allocations", {"entitlement": sold, "site": self.site_id, "seats": 1,
                                       "amounts": {"prints": 100}, "until": FAR})
        self.carry()
        apps = [self.application(f"press-{number}") for number in (1, 2, 3)]
        for app in apps:
            self.assertEqual(app.activate().status, 201)
        prints = lambda amount: apps[2].call("POST", "/features/prints/usage", {"amount": amount})
        self.assertEqual(prints(90).status, 200)
        renewed = central.http("POST", f"/v1/entitlements/{sold}:renew")
        self.assertEqual(renewed.status, 200, renewed)
        self.assertEqual(prints(5).status, 200)
        self.carry()
        refused = prints(100)
        self.assertEqual(refused.status, 409, refused)
        # Of the hour of the renewal all counts, since the site did not know of it.
        self.assertIn(refused.json()["in_use"], (5, 95))


class Reports(UsageWorld):
    def report(self, machine, *options):
        return machine.ok("usage", "report", *options).out

    def test_both_sides_read_the_same(self):
        self.work()
        self.carry()
        for options in ((), ("--format", "ndjson"), ("--format", "json"), ("--by", "hour"),
                        ("--by", "total"), ("--customer", self.customer)):
            with self.subTest(options):
                self.assertEqual(self.report(self.site, *options),
                                 self.report(self.central, *options))
        rows = list(csv.DictReader(io.StringIO(self.report(self.central, "--by", "total"))))
        seats, cores, prints = sorted(rows, key=lambda row: row["feature"])
        self.assertEqual((seats["activations"], seats["releases"], seats["denials"],
                          seats["clones"], seats["high_water"], seats["machines"], seats["users"]),
                         ("2", "1", "1", "1", "2", "2", "2"))
        self.assertEqual((cores["feature"], cores["high_water"]), ("cores", "5"))
        objects = self.central.ok("usage", "report", "--by", "total", "--json").lines()
        self.assertEqual([o["feature"] or "" for o in objects], [row["feature"] for row in rows])
        self.assertEqual((prints["feature"], prints["used"]), ("prints", "30"))
        self.assertEqual({(row["customer"], row["entitlement"], row["product"], row["site"])
                          for row in rows},
                         {(self.customer, self.entitlement, "PRESS", self.site_id)})

    def test_a_report_is_of_a_customer_and_a_period(self):
        self.work()
        self.carry()
        other = self.central.create("customers", {"name": "Other"})["id"]
        for options in (("--customer", "Other"), ("--until", "2000-01-01T00:00:00Z"),
                        ("--since", "2099-01-01T00:00:00Z")):
            self.assertEqual(self.report(self.central, "--format", "ndjson", *options), "")
        self.assertEqual(self.central.run("usage", "report", "--customer", "").code, 64)
        for query in ("customer=none", "by=week", "format=xml", "since=soon", "what=1",
                      "since=2027-01-01T00:00:00Z&until=2027-01-01T00:00:00Z"):
            with self.subTest(query):
                answer = self.central.http("GET", f"/v1/usage-reports?{query}")
                self.assertEqual(answer.status, 400, answer)
        answer = self.central.http("GET", f"/v1/usage-reports?customer={other}"
                                   "&since=2027-02-01T00:00:00Z").json()
        self.assertEqual(answer, {"since": "2027-02-01T00:00:00.000Z",
                                  "until": "2027-03-01T00:00:00.000Z", "items": []})

    def test_an_officer_reads_what_leaves_before_it_does(self):
        self.work()
        seen = self.site.ok("usage", "outgoing").out
        self.assertEqual(len(seen.splitlines()), 8)
        self.assertIn("ann.unmistakable", seen)
        self.site.ok("exchange", self.medium)
        if all(shutil.which(tool) for tool in TOOLS):
            bundle = sorted((self.medium / "SKERRY" / "central").rglob("u-*.skb"))[-1]
            left = [line for line in self.opened(bundle).splitlines() if '"usage_fact"' in line]
            self.assertEqual(left, seen.splitlines())
        self.carry()
        self.assertEqual(self.site.ok("usage", "outgoing").out, "")
        self.assertEqual(self.central.run("usage", "outgoing").code, 64)

    def test_a_report_goes_into_a_new_file(self):
        self.work()
        file = self.folder / "usage.csv"
        self.site.ok("usage", "outgoing")
        self.site.ok("usage", "report", "--out", file)
        self.assertEqual(file.read_text(encoding="utf-8"), self.report(self.site))
        self.assertNotEqual(self.site.run("usage", "report", "--out", file).code, 0)


class Away(UsageWorld):
    """Machines that never see the site."""

    def request(self, verb, name, *options):
        file = self.folder / f"{name}-{verb}.json"
        done = run("offline", verb, self.folder / name, file, *options)
        self.assertEqual(done.code, 0, done)
        return file.read_text(encoding="utf-8")

    def go(self, name):
        code = self.folder / "code"
        code.write_text(self.code, encoding="utf-8")
        answer = self.site.http("POST", "/v1/offline-activations", self.request(
            "request", name, "--code", code, "--product", "PRESS", "--seat-id", name))
        self.assertEqual(answer.status, 201, answer)
        return answer.body.decode()

    def take_in(self, name, text):
        (self.folder / "answer").write_text(text, encoding="utf-8")
        return run("offline", "answer", self.folder / name, self.folder / "answer", "--json")

    def test_the_surplus_ends_at_its_refresh_and_hears_of_it(self):
        ids = {name: self.take_in(name, self.go(name)).document()["id"] for name in ("a", "b")}
        self.central.edit("allocations", self.allocation, {"seats": 1})
        self.carry()
        kept = lambda: self.central.get("allocations", self.allocation).json()["confirmed"]
        self.assertEqual(kept(), 1)
        refresh = lambda name, text: self.site.http(
            "POST", f"/v1/activations/{ids[name]}/offline-refresh", text)
        asked = self.request("refresh", "a")
        ended = refresh("a", asked)
        self.assertEqual((ended.status, ended.json()["code"]), (409, "seats_exhausted"), ended)
        again = refresh("a", asked)
        self.assertEqual((again.status, again.json()), (409, ended.json()))
        heard = self.take_in("a", ended.body.decode())
        self.assertEqual(heard.code, 10, heard)
        self.assertEqual(refresh("b", self.request("refresh", "b")).status, 200)
        self.site.ok("exchange", self.medium)
        self.central.ok("exchange", self.medium)
        self.assertEqual(kept(), 2)

    def test_who_used_nothing_may_say_so(self):
        self.take_in("a", self.go("a"))
        back = self.request("return", "a", "--used", "prints=1")
        address = f"/v1/activations/{json.loads(back)['activation']}/offline-return"
        refused = self.site.http("POST", address, back)
        self.assertEqual(refused.json()["errors"][0]["pointer"], "/used/prints", refused)
        heard = self.take_in("a", refused.body.decode())
        self.assertEqual((heard.code, refused.json()["detail"] in heard.err), (65, True), heard)
        (self.folder / "a-return.json").unlink()
        back = self.request("return", "a", "--used", "prints=0")
        self.assertEqual(self.site.http("POST", address, back).status, 200)

    @unittest.skipUnless(shutil.which("zbarimg"), "zbar-tools is not installed")
    def test_an_answer_goes_by_camera_in_several_codes(self):
        (self.folder / "whole").write_text(self.go("a"), encoding="utf-8")
        drawn = run("offline", "qr", self.folder / "whole", "--as", "png", "--out",
                    self.folder / "code.png", "--json").document()["files"]
        self.assertGreater(len(drawn), 1)
        read = subprocess.run([*READ_QR_CODES, *reversed(drawn)], check=True,
                              capture_output=True, text=True, timeout=COMMAND_SECONDS).stdout
        missing = self.take_in("a", read[read.index("\n") + 1:])
        self.assertEqual(missing.code, 65, missing)
        self.assertEqual(self.take_in("a", read).code, 0)


class Chain(UsageWorld):
    def test_a_token_of_a_site_leads_to_central(self):
        def part(text):
            return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

        app = self.application("press-1")
        token = app.activate().json()["token"]
        [certificate] = part(token.split(".")[0])["chain"]
        claims = part(certificate.split(".")[1])
        self.assertEqual(claims["sub"], self.site_id)
        self.assertEqual(claims["sub"], part(token.split(".")[1])["iss"])
        self.assertEqual(claims["jwk"], part(token.split(".")[0])["jwk"])
        signed, signature = certificate.rsplit(".", 1)
        (self.folder / "signed").write_text(signed, encoding="ascii")
        (self.folder / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
        checked = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey",
             self.central.data / "keys" / "sign.pub.pem", "-in", self.folder / "signed",
             "-sigfile", self.folder / "signature"], capture_output=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.central.edit("allocations", self.allocation, {"seats": 1})
        self.carry()
        here = self.application("here", self.central)
        self.assertNotIn("chain", part(here.activate().json()["token"].split(".")[0]))


class Redacted(UsageWorld):
    site_config = "[usage]\nredact = \"users\"\n"

    def test_no_name_leaves_and_the_signature_stays_good(self):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            self.skipTest(f"not installed: {' '.join(missing)}")
        self.work()
        self.site.ok("exchange", self.medium)
        bundles = sorted((self.medium / "SKERRY" / "central").rglob("u-*.skb"))
        lines = "".join(self.opened(bundle) for bundle in bundles)
        self.assertIn("usage_fact", lines)
        self.assertIn("press-1", lines)
        self.assertNotIn("unmistakable", lines)
        self.carry()
        self.assertEqual(self.summed(self.central), WORKED)
        users = {fact["machine"]: fact["user"] for fact in self.facts(self.central)
                 if fact["user"]}
        self.assertEqual(len(set(users.values())), 3)
        for user in users.values():
            self.assertRegex(user, "^hmac:[0-9a-f]{32}$")
        self.assertEqual(self.facts(self.central), self.facts(self.site))
        for machine in (self.central, self.site):
            self.assert_whole(machine)

    def test_a_name_has_one_digest_over_restarts(self):
        app = self.application("press-1")
        app.activate(user="ann")
        self.site.restart()
        app.call("DELETE")
        self.application("press-1").activate(user="ann")
        self.carry()
        users = {fact["user"] for fact in self.facts(self.central) if fact["user"]}
        self.assertEqual(len(users), 1)

    def test_machines_too(self):
        self.site.configure("[usage]\nredact = \"all\"\n")
        self.site.restart()
        self.work()
        self.carry()
        for fact in self.facts(self.central):
            for name in ("machine", "user"):
                self.assertRegex(fact[name] or "hmac:", "^hmac:")

    def test_a_policy_that_is_none_is_refused(self):
        self.site.stop()
        self.site.configure("[usage]\nredact = \"some\"\n")
        checked = self.site.run("config", "check")
        self.assertNotEqual(checked.code, 0)
        self.assertIn("usage.redact", checked.err)


if __name__ == "__main__":
    unittest.main()
