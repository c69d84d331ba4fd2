"""A site forgets what is durable and old: said everywhere, proven from where it begins (H23)."""

import json
import sqlite3
import unittest
from contextlib import closing

from machine import MachineTest, run, wait_until

# Somebody looks every second, whether there is a recovery key or not.
OFTEN = "[backup]\ninterval_seconds = 4\n"
KEEPING = OFTEN + "[history]\nkeep_days = {}\n"


class Pruning(MachineTest):
    def setUp(self):
        super().setUp()
        key = run("backup", "key", self.folder / "recovery.agekey", "--json").document()
        self.central = self.new_machine(
            "central", "vendor",
            f"[backup]\nrecipient = \"{key['recipient']}\"\ninterval_seconds = 0\n")
        self.site = self.new_machine("site", "harbour", KEEPING.format(30))
        self.medium = self.new_medium()
        self.site_id = self.enrol(self.central, self.site, self.medium, "harbour")

    def make_old(self):
        """What the site's log holds now was recorded a hundred days ago."""
        self.site.stop()
        with closing(sqlite3.connect(self.site.data / "skerry.db")) as database:
            (trigger,) = database.execute(
                "SELECT sql FROM sqlite_master WHERE name='change_log_is_not_edited'").fetchone()
            database.execute("DROP TRIGGER change_log_is_not_edited")
            database.execute("UPDATE change_log SET recorded_at=recorded_at-100*86400000")
            database.execute(trigger)
            database.commit()
        self.site.start()

    def pruned(self):
        return self.site.status()["log"]["pruned"]

    def test_what_is_durable_and_old_goes_and_is_said(self):
        site, central = self.site, self.central
        first = site.create("customers", {"name": "Harbour"})["id"]
        for number in range(4):
            site.create("customers", {"name": f"Customer {number}"})
        read = site.http("GET", "/v1/changes?after=0").json()
        early = site.http("GET", "/v1/changes?after=0&limit=2").json()
        self.exchange(central, site, self.medium)
        exported = self.folder / "before.ndjson"
        site.ok("audit", "export", "--out", exported)
        central.ok("backup", "create")
        site.create("customers", {"name": "In no backup"})
        self.exchange(central, site, self.medium)
        self.assertEqual(site.status()["upstream"]["durable"], 6)  # a token and five customers
        self.make_old()
        wait_until(lambda: self.pruned() > 0)
        gone = self.pruned()
        status = site.status()
        self.assertEqual(status["log"]["pruned_own"], 6, "the seventh is in no backup")
        self.assertIn("6 of them this machine's own", site.run("status").out)

        proof = site.ok("audit", "list", "--json")
        self.assertNotIn(first, proof.out)
        self.assertIn("central has them", site.ok("audit", "list").out)
        history = site.http("GET", f"/v1/customers/{first}/audit").json()
        self.assertEqual((history["items"], history["pruned"]), ([], gone))
        self.assertEqual(site.get("customers", first).json()["name"], "Harbour")
        self.assertNotEqual(central.http("GET", f"/v1/customers/{first}/audit").json()["items"], [])

        # The feed.
        for position in ("after=0", f"after={early['last']}&at={early['at']}"):
            late = site.http("GET", f"/v1/changes?{position}")
            self.assertEqual((late.status, late.json()["code"]), (409, "wrong_history"))
            self.assertIn(f"after={status['log']['n']}", late.json()["next"])
        self.assertEqual(site.http("GET", f"/v1/changes?after={status['log']['n']}").status, 200)
        self.assertLessEqual(read["last"], status["log"]["n"])

    def test_the_rest_is_proven_and_goes_on(self):
        site, central = self.site, self.central
        for number in range(4):
            site.create("customers", {"name": f"Customer {number}"})
        self.exchange(central, site, self.medium)
        central.ok("backup", "create")
        site.create("customers", {"name": "In no backup"})
        self.exchange(central, site, self.medium)
        self.make_old()
        wait_until(lambda: self.pruned() > 0)
        gone = self.pruned()
        late = site.create("customers", {"name": "Late"})["id"]
        self.exchange(central, site, self.medium)
        self.assert_same_state(central, site)
        self.assertEqual(central.get("customers", late).json()["name"], "Late")
        exported = self.folder / "after.ndjson"
        site.ok("audit", "export", "--out", exported)
        checked = site.ok("audit", "verify", exported, "--json").document()
        self.assertTrue(checked["whole"])
        self.assertEqual(checked["pruned"], gone)
        self.assertIn(f"whole from row {gone + 1} on", site.ok("audit", "verify", exported).out)
        lines = exported.read_text(encoding="utf-8").splitlines()
        self.assertEqual(json.loads(lines[0])["begins"]["n"], gone)
        cut = self.folder / "cut.ndjson"
        cut.write_text("\n".join(lines[:1] + lines[2:]) + "\n", encoding="utf-8")
        self.assertEqual(site.run("audit", "verify", cut).code, 12)
        # Nothing is lost by it, and what is gone cannot be packed again.
        self.assertEqual(site.status()["lost_ranges"], [])
        too_far = site.run("bundle", "export", "--from", "1", "--out", self.medium)
        self.assertEqual(too_far.code, 65, too_far)
        self.assertIn("are not here any more", too_far.err)

    def test_nothing_goes_where_nothing_is_to_go(self):
        site, central = self.site, self.central
        site.create("customers", {"name": "Harbour"})
        self.exchange(central, site, self.medium)
        central.ok("backup", "create")
        site.create("customers", {"name": "In no backup"})
        self.exchange(central, site, self.medium)
        self.assertEqual(site.status()["upstream"]["durable"], 2)  # a token and a customer
        site.configure(KEEPING.format(0))
        self.make_old()
        wait_until(lambda: site.status()["uptime_seconds"] >= 3)
        self.assertEqual(self.pruned(), 0)


if __name__ == "__main__":
    unittest.main()
