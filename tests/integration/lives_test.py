"""Central put back from a backup, with the real program."""

import re
import unittest

from machine import run
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

    def test_h4_over_the_line_a_site_needs_nobody(self):
        central, site, _ = self.new_pair()
        names = set()
        for way in ((), ("--relay",)):
            kept = None
            for name in ("kept", "sent", "after"):
                if name == "after":
                    self.put_back(central, kept, "stays")
                site.configure(f"[central]\nurl = \"http://{central.address}\"\n")
                site.restart()
                names.add(site.create("customers", {"name": f"{name} {way}"})["name"])
                site.ok("exchange", "--online", *way)
                kept = kept or self.aside(central, f"backup{len(way)}")
            self.assert_one_register(central, site, names)

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

    def test_h4_central_forgot_a_sites_new_key(self):
        central, site, medium = self.new_pair()
        kept = self.aside(central)
        site.stop()
        site.ok("trust", "rotate")
        site.start()
        site.create("customers", {"name": "by the new key"})
        self.carry(central, site, medium, times=2)
        self.assertEqual(site.http("GET", "/v1/trust").json()["new_keys_unconfirmed"], 0)
        self.put_back(central, kept, "stays")
        self.follow_next(central, site, self.new_medium("fresh"))
        self.assert_one_register(central, site, {"by the new key"})

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
        told = self.findings(central)["life"]["next"]
        name = re.search(r"skerry site reauthorise (\S+);", told).group(1)
        self.assertIn("would count", central.ok("site", "reauthorise", name, "--dry-run").out)
        self.assertIn("counts again", central.ok("site", "reauthorise", name).out)
        self.assertNotIn("life", self.findings(central))
        self.assertIn("no copy", central.run("site", "reauthorise", name).err)
        self.assert_one_register(central, site, {"of mine", "of the other"})
        self.assertEqual(other.digest(), site.digest())

    def test_h4_a_site_that_central_forgot_is_invited_by_its_id(self):
        central = self.new_machine("central", "vendor")
        site = self.new_machine("site", "mine")
        central.create("customers", {"name": "old"})
        kept = self.aside(central)
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        self.put_back(site, self.aside(site, "of the site"), "gone")  # its log has two epochs
        self.carry(central, site, medium, times=2)
        site.create("customers", {"name": "unsent"})
        self.put_back(central, kept, "stays")
        fresh = self.new_medium("fresh")
        site.run("exchange", fresh)
        with_id = f"--id {self.site_id}"
        refused = central.run("exchange", fresh)
        self.assertIn(f"skerry site invite NAME {with_id}", refused.out + refused.err)
        # By its name alone it is another site, which the machine does not become.
        mistaken = self.folder / "mistaken.skb"
        central.ok("site", "invite", "mine", "--out", mistaken)
        refused = site.run("enrol", mistaken)
        self.assertEqual(refused.code, 1, refused)
        self.assertIn(f"skerry site invite mine {with_id}", refused.err)
        again = ("site", "invite", "mine", "--id", self.site_id, "--out", fresh)
        refused = central.run(*again)
        self.assertEqual(refused.code, 1, refused)
        self.assertIn("skerry site set mine --name", refused.err)
        central.ok("site", "set", "mine", "--name", "by mistake")
        central.ok(*again)
        answer = site.ok("enrol", fresh, "--json").document()
        central.ok("site", "admit", answer["file"], "--fingerprint", answer["fingerprint"])
        self.follow_next(central, site, fresh)
        self.assert_one_register(central, site, {"old", "sent", "unsent"})

    def new_generation(self, central, number, *options):
        """The next generation of trust, signed by two holders and in force at central."""
        central.stop()
        safe = self.folder / "safe"
        draft = safe / f"trust-{number}.json"
        central.ok("trust", *(("init", safe) if number == 1 else ("rotate", draft)), *options)
        for holder in (1, 2):
            signed = run("trust", "sign", draft, "--key", safe / f"root-{holder}.pem")
            self.assertEqual(signed.code, 0, signed)
        central.ok("trust", "adopt", draft)
        central.start()

    def generation_at(self, machine):
        return machine.ok("trust", "show", "--json").document()["generation"]

    def test_h18_a_site_that_is_put_back_believes_no_older_trust_than_its_anchor(self):
        central, site, medium = self.new_pair()
        self.new_generation(central, 1)
        self.carry(central, site, medium, times=2)
        kept = self.aside(site)
        central.create("customers", {"name": "by the old key"})
        old = self.folder / "old-down.skb"
        central.ok("bundle", "export", "mine", "--out", old)
        self.new_generation(central, 2, "--central-keys")
        self.carry(central, site, medium, times=2)
        self.assertEqual(self.generation_at(site), 2)
        self.put_back(site, kept, "stays")
        self.assertEqual(self.generation_at(site), 1)
        for _ in range(2):  # what the anchor knew is in the database now
            refused = site.run("bundle", "import", old)
            self.assertEqual(refused.code, 12, refused)
            self.assertIn("generation 2 of trust was in force here", refused.err)
            found = self.findings(site)["trust"]["detail"]
            self.assertRegex(found, "generation 2 .* no changes go out")
            site.restart()
        site.create("customers", {"name": "after"})
        self.carry(central, site, self.new_medium("fresh"), times=3)
        self.assertEqual(self.generation_at(site), 2)
        self.assertNotIn("trust", self.findings(site))
        self.assert_one_register(central, site, {"by the old key", "after"})


if __name__ == "__main__":
    unittest.main()
