"""Sites that were put back from a backup, with the real program."""

import unittest

from restored import RestoreTest


class Epochs(RestoreTest):
    def test_h1_a_site_is_put_back_and_its_anchor_knows_better(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "kept"})
        self.carry(central, site, medium)
        kept = self.aside(site)
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        site.create("customers", {"name": "unsent"})
        epoch = site.status()["log"]["epoch"]

        self.put_back(site, kept, "stays")
        self.assertIn("older than the anchor", site.log())
        status = site.status()
        self.assertNotEqual(status["log"]["epoch"], epoch)
        self.assertEqual(status["renewed"]["why"], "behind_anchor")
        self.assertTrue(any("new epoch" in line for line in status["attention"]), status)
        shown = site.run("status")
        self.assertEqual(shown.code, 10, shown)
        self.assertIn("new epoch", shown.out)
        events = site.ok("audit", "list", "--op", "event", "--json").lines()
        self.assertEqual([event["detail"] for event in events if event["detail"] != "token_made"],
                         ["new_epoch"])

        site.create("customers", {"name": "after"})
        self.carry(central, site, medium)
        self.assert_one_register(central, site, {"kept", "sent", "after"})
        self.assertNotIn("unsent", self.names(site))
        for machine in (central, site):
            lost = machine.status()["lost_ranges"]
            self.assertEqual([(r["epoch"], r["first"], r["last"]) for r in lost], [(epoch, 4, 4)])
        self.assertEqual(site.status()["attention"], [])
        self.assertIn("lost rows", site.run("doctor").out)

    def test_h2_a_whole_machine_is_put_back(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "kept"})
        self.carry(central, site, medium)
        kept = self.aside(site)
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        self.put_back(site, kept, "back")
        self.assertIsNone(site.status()["renewed"])
        site.create("customers", {"name": "on another branch"})
        self.carry(central, site, medium, times=3)
        self.assertIn(site.status()["renewed"]["why"], ("fork", "behind_peer"))
        self.assert_one_register(central, site, {"kept", "sent", "on another branch"})
        self.assertEqual(central.status()["sites"]["quarantined_rows"], 0)
        self.assertEqual(site.status()["lost_ranges"], [])

    def test_h1_a_database_without_its_anchor(self):
        central, site, medium = self.new_pair()
        kept = self.aside(site)
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        self.put_back(site, kept, "gone")
        self.assertEqual(site.status()["renewed"]["why"], "no_anchor")
        site.create("customers", {"name": "after"})
        self.carry(central, site, medium)
        self.assert_one_register(central, site, {"sent", "after"})
        epoch = site.status()["log"]["epoch"]
        site.restart()
        self.assertEqual(site.status()["log"]["epoch"], epoch)

    def rolled_back(self, writes, fresh_stick):
        """A1 is known to both, A2 and A3 only to central; the whole machine is put back to A1."""
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "A1"})
        self.follow_next(central, site, medium)
        kept = self.aside(site)
        for name in ("A2", "A3"):
            site.create("customers", {"name": name})
        self.follow_next(central, site, medium)
        self.put_back(site, kept, "back")
        names = {"A1", "A2", "A3"}
        for name in writes:
            site.create("customers", {"name": name})
            names.add(name)
        told = self.follow_next(central, site,
                                self.new_medium("fresh") if fresh_stick else medium)
        self.assert_one_register(central, site, names)
        for machine in (central, site):
            status = machine.status()
            self.assertEqual(status["lost_ranges"], [])
            self.assertEqual(status["attention"], [])
            self.assertEqual(self.findings(machine), {})
        self.assertEqual(central.status()["sites"]["quarantined_rows"], 0)
        return site.status()["renewed"]["why"], told

    def test_h2_put_back_with_a_new_write(self):
        why, told = self.rolled_back(["B2"], fresh_stick=True)
        self.assertEqual(why, "fork")
        self.assertIn("quarantine", told)

    def test_h2_put_back_with_new_writes_on_the_stick_that_was_used(self):
        why, _ = self.rolled_back(["B2", "B3", "B4"], fresh_stick=False)
        self.assertIn(why, ("fork", "behind_peer"))

    def test_h2_put_back_without_a_new_write(self):
        why, told = self.rolled_back([], fresh_stick=True)
        self.assertEqual(why, "behind_peer")
        self.assertIn("put back", told)

    def test_h2_put_back_without_a_new_write_on_the_stick_that_was_used(self):
        why, _ = self.rolled_back([], fresh_stick=False)
        self.assertEqual(why, "behind_peer")

    def put_back_online(self, writes):
        central, site, _ = self.new_pair()
        site.configure(f"[central]\nurl = \"http://{central.address}\"\n")
        site.restart()
        site.create("customers", {"name": "A1"})
        site.ok("exchange", "--online")
        kept = self.aside(site)
        site.create("customers", {"name": "A2"})
        site.ok("exchange", "--online")
        self.put_back(site, kept, "back")
        for name in writes:
            site.create("customers", {"name": name})
        site.ok("exchange", "--online")
        self.assert_one_register(central, site, {"A1", "A2", *writes})
        return site.status()["renewed"]["why"]

    def test_h1_put_back_online_to_where_a_change_was_under_way(self):
        central, site, _ = self.new_pair()
        site.configure(f"[central]\nurl = \"http://{central.address}\"\n")
        site.restart()
        for turn, way in enumerate(((), ("--relay",))):
            site.create("customers", {"name": f"under way {turn}"})
            kept = self.aside(site, f"backup {turn}")
            site.create("customers", {"name": f"sent {turn}"})
            site.ok("exchange", "--online")
            central.create("customers", {"name": f"before {turn}"})
            site.ok("exchange", "--online")
            central.create("customers", {"name": f"since {turn}"})
            self.put_back(site, kept, "stays")
            # What it sends first is of its former epoch, and does not say where it stands.
            site.ok("exchange", "--online", *way)
            self.assert_one_register(central, site, {f"{name} {turn}" for name in
                                                     ("under way", "sent", "since")})

    def test_h2_put_back_online_with_a_new_write(self):
        self.assertEqual(self.put_back_online(["B1"]), "fork")

    def test_h2_put_back_online_without_a_new_write(self):
        self.assertEqual(self.put_back_online([]), "behind_peer")


if __name__ == "__main__":
    unittest.main()
