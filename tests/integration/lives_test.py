"""Central put back from a backup, with the real program."""

import unittest

from restored import RestoreTest


class Lives(RestoreTest):
    def central_is_put_back(self, anchor):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "kept"})
        self.carry(central, site, medium)
        kept = self.aside(central)
        site.create("customers", {"name": "sent"})
        central.create("customers", {"name": "lost"})
        self.carry(central, site, medium, times=2)
        self.put_back(central, kept, anchor)
        noticed = central.status()["renewed"]
        self.assertNotIn("sent", self.names(central))
        central.create("customers", {"name": "grown"})
        site.create("customers", {"name": "after"})
        self.carry(central, site, medium, times=3)
        self.assert_one_register(central, site, {"kept", "sent", "grown", "after"})
        self.assertNotIn("lost", self.names(site))
        self.assertRegex(central.ok("site", "list").out, r", \d+ rows? behind", "of all lives")
        self.assertIsNone(site.status()["renewed"])
        lost = central.status()["lost_ranges"]
        self.assertTrue(lost)
        self.assertEqual(site.status()["lost_ranges"], lost)
        self.assertIn(f"rows {lost[0]['first']} to {lost[0]['last']} of its life",
                      site.run("doctor").out)
        return noticed, central.status()["renewed"]

    def test_h4_central_is_put_back_and_its_anchor_knows_better(self):
        at_start, _ = self.central_is_put_back("stays")
        self.assertEqual(at_start["why"], "behind_anchor")

    def test_h5_central_is_put_back_as_a_whole_and_grows(self):
        at_start, later = self.central_is_put_back("back")
        self.assertIsNone(at_start)
        self.assertEqual(later["why"], "behind_peer")

    def test_h4_both_are_put_back_and_what_nobody_has_is_named(self):
        central, site, medium = self.new_pair()
        kept = {machine: self.aside(machine, machine.role) for machine in (central, site)}
        epoch = site.status()["log"]["epoch"]
        site.create("customers", {"name": "in no backup"})
        self.carry(central, site, medium)
        for machine, copy in kept.items():
            self.put_back(machine, copy, "stays")
        site.create("customers", {"name": "after"})
        self.follow_next(central, site, self.new_medium("fresh"))
        self.assert_one_register(central, site, {"after"})
        for machine in (central, site):
            self.assertIn((epoch, 1, 2), [(r["epoch"], r["first"], r["last"])
                                          for r in machine.status()["lost_ranges"]])
            self.assertIn("lost rows", self.findings(machine))
            machine.ok("lost", "acknowledge", "--reason", "all is entered again")
            self.assertNotIn("lost rows", self.findings(machine))
            self.assertIn("acknowledged at", machine.ok("lost", "list").out)

    def test_h4_two_sites_bring_back_what_they_wrote(self):
        central, site, medium = self.new_pair()
        other = self.new_machine("site", "other")
        stick = self.new_medium("other stick")
        self.enrol(central, other, stick, "other")
        kept = self.aside(central)
        site.create("customers", {"name": "of mine"})
        other.create("customers", {"name": "of the other"})
        for _ in range(2):
            self.carry(central, site, medium)
            self.carry(central, other, stick)
        self.put_back(central, kept, "back")
        self.assertEqual(self.names(central), set())
        for _ in range(3):
            self.carry(central, site, medium)
            self.carry(central, other, stick)
        self.assert_one_register(central, site, {"of mine", "of the other"})
        self.assertEqual(other.digest(), site.digest())


if __name__ == "__main__":
    unittest.main()
