"""The main job by files: enrolment, exchange both ways, a conflict shown and resolved."""

import unittest

from machine import MachineTest


class FileCycle(MachineTest):
    def test_a_change_crosses_the_gap_both_ways(self):
        central = self.new_machine("central", "vendor")
        before = central.create("customers", {"name": "Northern Mine"})
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        self.assertEqual(site.get("customers", before["id"]).json()["name"], "Northern Mine")

        there = site.create("customers", {"name": "Harbour Office"})
        here = central.create("customers", {"name": "Southern Mine"})
        self.exchange(central, site, medium)
        self.assertEqual(central.get("customers", there["id"]).json()["name"], "Harbour Office")
        self.assertEqual(site.get("customers", here["id"]).json()["name"], "Southern Mine")
        self.assert_same_state(central, site)
        self.assertEqual(site.status()["pending"], 0)

        site.edit("customers", there["id"], {"description": "by the water"})
        self.exchange(central, site, medium)
        self.assertEqual(central.get("customers", there["id"]).json()["description"],
                         "by the water")
        self.assert_same_state(central, site)
        for machine in (central, site):
            self.assert_whole(machine)

    def test_concurrent_edits_leave_a_conflict_that_is_decided_once(self):
        central, site, medium = self.new_pair()
        customer = central.create("customers", {"name": "Mill", "description": "first"})
        self.exchange(central, site, medium)
        central.edit("customers", customer["id"], {"description": "from central"})
        site.edit("customers", customer["id"], {"description": "from the site"})
        self.assertEqual(site.run("exchange", medium).code, 0)
        met = central.run("exchange", medium)
        self.assertEqual(met.code, 11, met)
        self.assertIn("skerry conflict list", met.out.splitlines()[-1])
        self.assertEqual(central.run("status").code, 11)

        conflicts = central.ok("conflict", "list", "--json").lines()
        self.assertEqual(len(conflicts), 1)
        conflict = conflicts[0]
        self.assertEqual(conflict["field"], "description")
        shown = central.ok("conflict", "show", conflict["id"]).out
        self.assertIn("from central", shown)
        self.assertIn("from the site", shown)
        self.assertRegex(shown, r'base  "first", row \d+ of central\'s log')
        self.assertIn("clock within a second of its log", shown)

        self.exchange(central, site, medium)
        loser = conflict["loser"]["value"]
        central.ok("conflict", "resolve", conflict["id"], "--choose", "loser")
        self.exchange(central, site, medium)
        for machine in (central, site):
            self.assertEqual(machine.get("customers", customer["id"]).json()["description"], loser)
            self.assertEqual(machine.status()["conflicts_open"], 0)
            self.assertEqual(machine.ok("conflict", "list", "--json").lines(), [])
            every = machine.ok("conflict", "list", "--all").out
            self.assertIn(f"{conflict['id']}  resolved concurrent", every)
        self.assert_same_state(central, site)

    def test_the_same_files_again_change_nothing(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Once"})
        self.exchange(central, site, medium)
        digest, rows = central.digest(), central.status()["log"]["n"]
        again = central.ok("exchange", medium, "--json").lines()
        taken = [line for line in again if line["event"] == "taken"]
        self.assertTrue(taken)
        rows_again = [line for line in taken if line["outcome"] != "duplicate"]
        self.assertEqual([line for line in rows_again if "0 new rows" not in line["detail"]], [])
        self.assertIn("duplicate", {line["outcome"] for line in taken})
        self.assertEqual((central.digest(), central.status()["log"]["n"]), (digest, rows))

    def test_a_dry_run_takes_nothing_in(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Later"})
        site.ok("exchange", medium)
        before = central.digest()
        shown = central.ok("exchange", medium, "--dry-run")
        self.assertIn("found", shown.out)
        self.assertIn("nothing is written", shown.err)
        self.assertEqual(central.digest(), before)

    def test_files_taken_in_can_be_removed(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Gone from the stick"})
        site.ok("exchange", medium)
        central.ok("exchange", medium, "--remove")
        left = [f.name for f in (medium / "SKERRY" / "central").rglob("u-*.skb")]
        self.assertEqual(left, [])

    def test_refused_files_that_are_kept_can_be_removed(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Whole"})
        site.ok("exchange", medium)
        bundle = sorted((medium / "SKERRY" / "central").rglob("u-*.skb"))[-1]
        damaged = bundle.parent / "u-damaged.skb"
        damaged.write_bytes(bundle.read_bytes()[:-600])
        for _ in range(2):  # as long as it lies there
            told = central.run("exchange", medium)
            self.assertEqual(told.code, 3, told)
        self.assertIn(f"skerry exchange {medium} --remove takes off what is kept here", told.out)
        self.assertIn("1 file of these here", told.out)
        told = central.run("exchange", medium, "--remove")
        self.assertEqual(told.code, 3, told)
        self.assertIn("1 taken off the medium", told.out)
        self.assertFalse(damaged.exists())
        central.ok("exchange", medium)

    def test_status_tells_by_its_exit_code(self):
        site = self.new_machine("site", "alone")
        asked = site.run("status")
        self.assertEqual(asked.code, 10, asked)
        self.assertIn("skerry enrol", asked.out)
        self.assertEqual(self.new_machine("central", "vendor").run("status").code, 0)

    def test_a_peers_key_is_told_and_verifies_its_bundles(self):
        central, site, medium = self.new_pair()
        central.create("customers", {"name": "Down"})
        site.create("customers", {"name": "Up"})
        up, down = self.folder / "up.skb", self.folder / "down.skb"
        site.ok("bundle", "export", "--out", up)
        central.ok("bundle", "export", "mine", "--out", down)
        listed = central.ok("site", "list", "--json").document()["sign_key"]
        self.assertEqual(listed, site.status()["sign_key"])
        trusted = site.status()["upstream"]["sign_keys"]
        self.assertEqual(trusted, [central.status()["sign_key"]])
        self.assertIn(listed, site.ok("status").out)
        central.ok("bundle", "verify", up, "--key", listed)
        site.ok("bundle", "verify", down, "--key", trusted[0])
        site.ok("bundle", "verify", down)  # a site holds central's key
        self.assertEqual(central.run("bundle", "verify", up, "--key", trusted[0]).code, 12)
        none = central.run("bundle", "verify", up, "--key", "nonsense")
        self.assertEqual(none.code, 65, none)
        self.assertIn("site list", none.err)


if __name__ == "__main__":
    unittest.main()
