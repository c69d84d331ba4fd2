"""Machines that were copied, so that one site runs twice, with the real program."""

import unittest

from restored import RestoreTest


class Copies(RestoreTest):
    def test_h3_a_copied_data_folder_is_one_site_too_many(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "kept"})
        self.carry(central, site, medium)
        twin = self.twin_of(site, "twin")
        self.assertEqual(twin.status()["renewed"]["why"], "no_anchor")
        twin.create("customers", {"name": "of the twin"})
        sticks = {site: medium, twin: self.new_medium("other stick")}
        self.carry(central, twin, sticks[twin])
        record = site.create("customers", {"name": "of the first"})
        self.carry(central, site, sticks[site])

        self.assertIsNotNone(site.status()["copy_since"])
        self.assertIn("this is a copy", site.run("status").out)
        old = list((medium / "SKERRY" / self.site_id).rglob("d-*.skb"))
        told = site.run("exchange", medium)
        self.assertIn(f"refused   {len(old)} bundles: ", told.out)
        self.assertEqual(told.out.count("read_only_copy"), 1, told)
        refused = site.http("POST", "/v1/customers", {"name": "no"})
        self.assertEqual(refused.status, 409, refused)
        self.assertEqual(refused.json()["code"], "read_only_copy")
        self.assertEqual(site.get("customers", record["id"]).json()["name"], "of the first")
        listed = central.ok("site", "copies", "mine", "--json").document()
        self.assertEqual([copy["standing"] for copy in listed["items"]], ["past"])
        shown = central.run("status")
        self.assertEqual(shown.code, 10, shown)
        self.assertIn("site reauthorise", shown.out)

        # The first one was meant: it goes on, and the twin becomes the copy.
        answer = central.ok("site", "reauthorise", "mine", "--reason", "the twin is a test").out
        self.assertIn("goes on as the site", answer)
        epoch = site.status()["log"]["epoch"]
        self.assertIn(f"discard mine --epoch {epoch}", self.findings(central)["copy"]["next"])
        shown = central.run("status")
        self.assertEqual(shown.code, 10, shown)
        self.assertIn(f"discard mine --epoch {epoch}", shown.out)
        tried = central.ok("site", "discard", "mine", "--dry-run").out
        self.assertIn(f"epoch {epoch} would not go on as the site", tried)
        self.carry(central, site, sticks[site], times=3)
        self.assertNotIn(epoch, str(self.findings(central)) + str(central.status()["attention"]))
        self.assertIsNone(site.status()["copy_since"])
        self.assertEqual(site.status()["renewed"]["why"], "authorised")
        site.create("customers", {"name": "goes on"})
        self.carry(central, site, sticks[site])
        self.assert_one_register(central, site, {"kept", "of the first", "of the twin", "goes on"})
        twin.create("customers", {"name": "late"})
        self.carry(central, twin, sticks[twin])
        self.assertIsNotNone(twin.status()["copy_since"])
        events = central.ok("audit", "list", "--op", "event", "--json").lines()
        authorised = [event for event in events if event["detail"] == "copy_authorised"]
        self.assertEqual([event["reason"] for event in authorised], ["the twin is a test"])

    def test_h3_what_a_fenced_copy_wrote_is_adopted_or_discarded(self):
        central, site, medium = self.new_pair()
        shared = site.create("customers", {"name": "shared"})["id"]
        self.carry(central, site, medium)
        twins = [self.twin_of(site, f"twin{n}") for n in range(3)]
        sticks = [self.new_medium(f"stick{n}") for n in range(3)]
        for twin, stick in zip(twins, sticks):
            twin.create("customers", {"name": f"of {twin.data.name}"})
            twin.edit("customers", shared, {"legal_name": f"as {twin.data.name} says"})
            self.carry(central, twin, stick)
        self.assertEqual(central.status()["sites"]["quarantined_rows"], 4)
        copies = central.ok("site", "copies", "mine", "--json").document()["items"]
        self.assertEqual(sorted(c["quarantined"] for c in copies), [2, 2])
        second = twins[1].status()["log"]["epoch"]
        self.assertEqual(central.run("site", "adopt", "mine", "--epoch", "zz").code, 1)
        self.assertEqual(central.run("site", "discard", "mine", "--epoch", "").code, 64)
        for verb, words in (("adopt", "would be taken in"), ("discard", "would be refused"),
                            ("reauthorise", "would go on as the site")):
            tried = central.ok("site", verb, "mine", "--epoch", second, "--dry-run")
            self.assertIn(words, tried.out)
            self.assertIn("nothing is written", tried.err)
        self.assertEqual(central.ok("site", "copies", "mine", "--json").document()["items"], copies)
        adopted = central.ok("site", "adopt", "mine", "--epoch", second).out
        self.assertIn("2 rows of copies of mine taken in: 2 applied, 0 superseded", adopted)
        self.assertIn("skerry conflict list (1 to decide)", adopted)
        discarded = central.ok("site", "discard", "mine", "--json").document()
        self.assertEqual(discarded["rows"]["rejected"], 2)
        names = self.names(central)
        self.assertIn("of twin1", names)
        self.assertNotIn("of twin2", names)
        self.assertEqual(central.status()["sites"]["quarantined_rows"], 0)
        self.assertEqual(central.run("site", "discard", "mine").code, 1)
        self.carry(central, twins[0], sticks[0])
        self.assert_one_register(central, twins[0], {"of twin0", "of twin1"})

    def test_h3_a_whole_machine_runs_twice(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "kept"})
        self.carry(central, site, medium)
        twin = self.twin_of(site, "twin", with_anchor=True)
        self.assertIsNone(twin.status()["renewed"])  # nothing tells it from the first
        other = self.new_medium("other stick")
        for turn in range(3):
            for machine, stick in ((site, medium), (twin, other)):
                if machine.status()["copy_since"] is None:
                    machine.create("customers", {"name": f"{turn} of {machine.data.name}"})
                self.carry(central, machine, stick, times=2)
        fenced = [machine for machine in (site, twin) if machine.status()["copy_since"]]
        self.assertEqual(len(fenced), 1)
        copy, stick = (site, medium) if fenced[0] is site else (twin, other)
        going, going_stick = (twin, other) if copy is site else (site, medium)
        written = self.names(copy) | self.names(going)
        self.carry(central, copy, stick)  # hands over
        self.assertEqual(self.findings(copy)["copy"]["severity"], "error")
        if central.status()["sites"]["quarantined_rows"]:
            central.ok("site", "adopt", "mine")
        self.carry(central, going, going_stick, times=2)
        self.assert_one_register(central, going, written)
        shown = central.run("site", "copies", "mine")
        self.assertIn("1 machine", shown.out)


if __name__ == "__main__":
    unittest.main()
