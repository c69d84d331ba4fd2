"""Decisions by rule, decisions taken back, and what a monitoring system sees of it all."""

import re
import shutil
import subprocess
import unittest

from machine import MachineTest


class Conflicts(MachineTest):
    def setUp(self):
        super().setUp()
        self.central, self.site, self.medium = self.new_pair()
        self.customer = self.central.create("customers", {"name": "Mill"})["id"]
        self.exchange(self.central, self.site, self.medium)

    def meet(self, field="description"):
        """Both sides write the field, and central takes the site's row in."""
        self.site.edit("customers", self.customer, {field: "of the site"})
        self.central.edit("customers", self.customer, {field: "of central"})
        self.exchange(self.central, self.site, self.medium)

    def open_at(self, machine):
        return machine.ok("conflict", "list", "--json").lines()

    def value(self, machine, field="description"):
        return machine.get("customers", self.customer).json()[field]

    def metrics(self, machine):
        answer = machine.http("GET", "/metrics")
        self.assertEqual(answer.status, 200, answer)
        text = answer.body.decode()
        return dict(re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)), text


class Rules(Conflicts):
    def test_a_rule_decides_the_next_one(self):
        self.meet()
        conflict = self.open_at(self.central)[0]
        dry = self.central.ok("conflict", "resolve", conflict["id"], "--choose", "site",
                              "--always", "--dry-run")
        self.assertIn("nothing is written", dry.err)
        self.assertEqual(len(self.open_at(self.central)), 1)
        self.assertEqual(self.central.ok("conflict", "rule", "list", "--json").lines(), [])
        early = self.central.run("conflict", "undo", conflict["id"], "--dry-run")
        self.assertEqual(early.code, 1, early)
        self.central.ok("conflict", "resolve", conflict["id"], "--choose", "site", "--always",
                        "--reason", "they stand beside it")
        rules = self.central.ok("conflict", "rule", "list", "--json").lines()
        self.assertEqual([(r["kind"], r["field"], r["side"]) for r in rules],
                         [("customer", "description", "site")])
        self.exchange(self.central, self.site, self.medium)
        self.site.edit("customers", self.customer, {"description": "newer of the site"})
        self.central.edit("customers", self.customer, {"description": "newer of central"})
        self.site.ok("exchange", self.medium)
        taken = self.central.ok("exchange", self.medium)
        self.assertIn("1 conflicts decided by rule", taken.out)
        self.exchange(self.central, self.site, self.medium)
        for machine in (self.central, self.site):
            self.assertEqual(self.open_at(machine), [])
            self.assertEqual(self.value(machine), "newer of the site")
        decided = [each["decided_by"] for each in
                   self.central.ok("conflict", "list", "--all", "--json").lines()]
        self.assertEqual(sorted(decided), ["rule", "uid:0"])
        self.assert_same_state(self.central, self.site)
        self.assert_whole(self.central)
        events = self.central.ok("audit", "list", "--op", "event", "--json").out
        self.assertIn("conflict_rule", events)
        self.assertIn("they stand beside it", events)

    def test_without_a_rule_again_it_is_a_persons(self):
        self.central.ok("conflict", "rule", "add", "customer", "description", "central")
        self.central.ok("conflict", "rule", "remove", "customer", "description")
        gone = self.central.run("conflict", "rule", "remove", "customer", "description")
        self.assertEqual(gone.code, 1, gone)
        self.meet()
        self.assertEqual(len(self.open_at(self.central)), 1)

    def test_what_is_no_rule_is_refused_with_its_place(self):
        for kind, field, pointer in (("gadget", "name", "/kind"), ("product", "name", "/kind"),
                                     ("customer", "colour", "/field")):
            answer = self.central.http("POST", "/v1/conflict-rules",
                                       {"kind": kind, "field": field, "side": "site"})
            self.assertEqual(answer.status, 422, answer)
            self.assertEqual(answer.json()["errors"][0]["pointer"], pointer)
        for body in ({}, {"kind": "customer", "field": "name"}, {"kind": 1},
                     {"kind": "customer", "field": "name", "side": "both"}):
            answer = self.central.http("POST", "/v1/conflict-rules", body)
            self.assertEqual(answer.status, 422, answer)
        at_site = self.site.run("conflict", "rule", "add", "customer", "name", "site")
        self.assertEqual(at_site.code, 64, at_site)
        self.assertIn("at central", at_site.err)

    def test_always_needs_a_side_and_central(self):
        self.meet()
        conflict = self.open_at(self.central)[0]["id"]
        value = self.central.http("POST", f"/v1/conflicts/{conflict}:resolve",
                                  {"value": "x", "always": True})
        self.assertEqual((value.status, value.json()["errors"][0]["pointer"]), (422, "/always"))
        refused = self.site.run("conflict", "resolve", conflict, "--choose", "site", "--always")
        self.assertEqual(refused.code, 64, refused)
        for machine in (self.central, self.site):
            self.assertEqual([each["id"] for each in self.open_at(machine)], [conflict])


class Undo(Conflicts):
    def decided(self, machine):
        self.meet()
        conflict = self.open_at(self.central)[0]
        machine.ok("conflict", "resolve", conflict["id"], "--choose", "loser")
        self.exchange(self.central, self.site, self.medium)
        return conflict["id"], conflict["winner"]["value"], conflict["loser"]["value"]

    def check_undo(self, machine):
        conflict, before, after = self.decided(machine)
        self.assertEqual(self.value(self.central), after)
        undone = machine.ok("conflict", "undo", conflict, "--reason", "a slip", "--json").document()
        self.assertEqual((undone["state"], undone["decided_by"]), ("open", None))
        self.assertEqual(self.value(machine), before)
        self.exchange(self.central, self.site, self.medium)
        for each in (self.central, self.site):
            self.assertEqual(self.value(each), before)
            self.assertEqual([one["id"] for one in self.open_at(each)], [conflict])
        history = machine.http("GET", f"/v1/customers/{self.customer}/audit").body.decode()
        self.assertIn("a slip", history)
        self.assert_same_state(self.central, self.site)
        twice = machine.run("conflict", "undo", conflict)
        self.assertEqual(twice.code, 1, twice)
        self.assertIn("conflict resolve", twice.err)

    def test_at_central(self):
        self.check_undo(self.central)

    def test_at_the_site(self):
        self.check_undo(self.site)

    def test_refused_when_the_field_changed_since(self):
        conflict, _, after = self.decided(self.central)
        self.central.edit("customers", self.customer, {"description": "newest"})
        rows = self.central.status()["log"]["n"]
        refused = self.central.run("conflict", "undo", conflict)
        self.assertEqual(refused.code, 1, refused)
        self.assertIn(f'it is "newest", the decision made it "{after}"', refused.err)
        self.assertEqual(self.central.status()["log"]["n"], rows)


class Metrics(Conflicts):
    def test_what_is_counted(self):
        for machine in (self.central, self.site):
            values, _ = self.metrics(machine)
            self.assertEqual(values["skerry_conflicts_open"], "0")
            self.assertEqual(int(values["skerry_log_position"]), machine.status()["log"]["n"])
            waits = machine.status().get("pending", 0)  # at the site, that the token was made
            self.assertEqual(values["skerry_rows_pending"], str(waits))
        self.meet()
        self.site.create("customers", {"name": "Waits"})
        values, _ = self.metrics(self.central)
        self.assertEqual(values["skerry_conflicts_open"], "1")
        peer = f'skerry_last_exchange_timestamp_seconds{{peer="{self.site_id}"}}'
        self.assertGreater(float(values[peer]), 1.7e9)
        values, _ = self.metrics(self.site)
        self.assertEqual(values["skerry_rows_pending"], "1")
        self.assertIn('skerry_last_exchange_timestamp_seconds{peer="central"}', values)

    def test_requests_by_class(self):
        def requests():
            values, _ = self.metrics(self.central)
            return {each: int(values[f'skerry_http_requests_total{{class="{each}"}}'])
                    for each in ("success", "client_error", "server_error")}

        before = requests()
        for _ in range(3):
            self.central.straight("GET", "/v1/customers/none")
        after = requests()
        self.assertEqual(after["client_error"] - before["client_error"], 3)
        self.assertEqual(after["success"] - before["success"], 1)
        self.assertEqual(after["server_error"], 0)

    def test_a_token_is_needed(self):
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                               f"http://{self.central.address}/metrics"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "401")

    def test_promtool_finds_nothing(self):
        if shutil.which("promtool") is None:
            self.skipTest("skipped: not installed: promtool (Debian's prometheus)")
        for machine in (self.central, self.site):
            _, text = self.metrics(machine)
            checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                     capture_output=True, check=False)
            self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    def test_every_metric_says_what_it_is(self):
        for machine in (self.central, self.site):
            values, text = self.metrics(machine)
            self.assertTrue(text.endswith("\n"))
            for name in {re.sub(r"({.*|_bucket.*|_sum|_count)$", "", value) for value in values}:
                self.assertRegex(text, rf"(?m)^# HELP {name} .+\.\n"
                                       rf"# TYPE {name} (gauge|counter|histogram)$")


if __name__ == "__main__":
    unittest.main()
