"""Media as people carry them: several, small, full, read-only, with gaps and receipts."""

import fcntl
import os
import re
import shlex
import sqlite3
import subprocess
import unittest
from contextlib import closing
from pathlib import Path
from unittest import mock

from machine import COMMAND_SECONDS, RECIPIENT, SKERRY, run
from media_world import SMALL_BUNDLES, Media


class SeveralMedia(Media):
    def test_sticks_cross_each_other_and_come_late(self):
        central, site, first = self.new_pair()
        second = self.new_medium("second")
        one = site.create("customers", {"name": "On the first"})
        site.ok("exchange", first)
        two = site.create("customers", {"name": "On the second"})
        site.ok("exchange", second)
        central.ok("exchange", second)  # the later one arrives first, and holds all
        for record in (one, two):
            central.get("customers", record["id"])
        self.assertEqual(central.run("exchange", first).code, 0)
        site.ok("exchange", second)
        self.assertEqual(site.status()["pending"], 0)
        site.ok("exchange", first)
        self.assert_same_state(central, site)

    def test_a_tree_for_each_recipient(self):
        central, site, medium = self.new_pair()
        other = self.new_machine("site", "other")
        other_id = self.enrol(central, other, self.new_medium("of-the-other"), "other")
        central.create("customers", {"name": "For both"})
        central.ok("exchange", medium)
        for machine, recipient in ((site, self.site_id), (other, other_id)):
            listed = {path.parent.parent.name for path in medium.rglob("d-*.skb")}
            self.assertIn(recipient, listed)
            taken = self.events(machine.ok("exchange", medium, "--json"), "taken")
            self.assertEqual({Path(each["file"]).parent.parent.name for each in taken},
                             {recipient})

    def test_a_site_that_nothing_can_be_packed_for_holds_up_no_other(self):
        central, _, medium = self.new_pair()
        other = self.new_machine("site", "other")
        self.enrol(central, other, self.new_medium("of-the-other"), "other")
        record = central.create("customers", {"name": "For both"})
        central.stop()
        with closing(sqlite3.connect(central.data / "skerry.db")) as database, database:
            database.execute(
                "UPDATE site SET age_recipient='none' WHERE row=(SELECT min(row) FROM site)")
        central.start()
        for command in (("exchange", medium), ("bundle", "export", "--out", medium)):
            met = central.run(*command, "--json")
            self.assertEqual(met.code, 3, met)
            (left,) = [line for line in met.lines() if line.get("event") == "not_packed"]
            self.assertEqual((left["site"], left["code"]), (self.site_id, "bad_input"))
            self.assertTrue(left["next"])
        other.ok("exchange", medium)
        other.get("customers", record["id"])

    def test_a_bundle_that_somebody_put_beside_its_place_is_named(self):
        central, site, medium = self.new_pair()
        record = site.create("customers", {"name": "Carried by hand"})
        site.ok("exchange", medium)
        bundle = self.up_bundles(medium)[-1]
        for place in (Path(), Path("SKERRY"), Path("SKERRY/central")):
            by_hand = self.new_medium(f"by-hand-{len(place.parts)}")
            (by_hand / place).mkdir(parents=True, exist_ok=True)
            file = by_hand / place / bundle.name
            file.write_bytes(bundle.read_bytes())
            self.assertIn(f"skerry bundle import {file}", central.ok("exchange", by_hand).out)
        central.ok("bundle", "import", file)
        central.get("customers", record["id"])


class SmallMedia(Media):
    def new_wordy_site(self):
        central = self.new_machine("central", "vendor")
        site = self.new_machine("site", "mine", SMALL_BUNDLES)
        self.site_id = self.enrol(central, site, self.new_medium(), "mine")
        self.write_notes(site, 4)
        return central, site

    def test_what_one_medium_cannot_hold_goes_on_on_the_next(self):
        central, site = self.new_wordy_site()
        small = self.mounted("small", "2m")
        met = site.run("exchange", small, "--json")
        self.assertEqual(met.code, 3, met)
        summary = met.lines()[-1]
        written, due = summary["written"], summary["due"]
        self.assertGreater(written, 0)
        self.assertGreater(due, written)
        self.assertEqual(self.events(met, "stopped")[0]["code"], "storage_full")
        self.assertEqual(len(self.up_bundles(small)), written)
        self.assertEqual([name for name in self.files(small) if ".part" in name], [])

        site.restart()  # what is left is remembered
        large = self.new_medium("large")
        went_on = site.ok("exchange", large)
        self.assertIn(f"{written} of {due} bundles are on other media", went_on.out)
        self.assertEqual(len(self.up_bundles(large)), due - written)
        names = [path.name for medium in (small, large) for path in self.up_bundles(medium)]
        self.assertEqual(len(set(names)), due)

        early = central.run("exchange", large)
        self.assertEqual(early.code, 13, early)
        central.ok("exchange", small, "--remove")  # which makes room for the answer
        central.ok("exchange", large)
        self.assertEqual(central.status()["records"]["note"], site.status()["records"]["note"])

    def test_it_says_how_many_are_written_and_what_to_do(self):
        _, site = self.new_wordy_site()
        met = site.run("exchange", self.mounted("small", "2m"))
        self.assertEqual(met.code, 3, met)
        said = re.search(r"(\d+) of (\d+) bundles written", met.out)
        self.assertTrue(said, met)
        left = int(said[2]) - int(said[1])
        self.assertIn(f"the other {left} bundles fit on the next: skerry exchange", met.out)

    def test_after_an_answer_the_rest_is_packed_anew(self):
        central, site = self.new_wordy_site()
        small = self.mounted("small", "2m")
        first = site.run("exchange", small, "--json").lines()[-1]
        self.assertEqual(central.run("exchange", small, "--remove").code, 0)
        second = site.run("exchange", small, "--remove", "--json").lines()[-1]
        self.assertEqual(second["carried"], 0)
        self.assertLessEqual(second["due"], first["due"] - first["written"])

    def test_a_full_medium_leaves_nothing_half(self):
        central, site, _ = self.new_pair()
        site.create("customers", {"name": "No room"})
        full = self.mounted("full", "64k")
        (full / "filler").write_bytes(b"x" * (64 << 10))
        met = site.run("exchange", full)
        self.assertEqual(met.code, 74, met)
        self.assertIn("No space left", met.out)
        self.assertNotIn("own disk", met.err)
        self.assertIn("use another one", met.out)
        self.assertEqual(self.files(full), {"filler"})
        os.remove(full / "filler")
        site.ok("exchange", full)
        with open(full / "filler", "wb", buffering=0) as filler, self.assertRaises(OSError):
            while True:
                filler.write(b"x" * 4096)
        met = central.run("exchange", full)
        self.assertEqual(met.code, 74, met)
        self.assertIn(f"skerry exchange {full} --remove", met.out)
        os.remove(full / "filler")
        central.ok("exchange", full, "--remove")
        self.assertEqual(central.status()["records"]["customer"], 1)
        self.assertIn("own disk", site.ok("exchange", self.new_medium("unmounted")).err)

    def test_a_medium_that_cannot_be_written_is_read_all_the_same(self):
        central, site, _ = self.new_pair()
        locked = self.mounted("locked", "1m")
        site.create("customers", {"name": "Read"})
        site.ok("exchange", locked)
        before = self.files(locked)
        subprocess.run(["mount", "-o", "remount,ro", locked], check=True)
        met = central.run("exchange", locked, "--json")
        self.assertEqual(met.code, 74, met)
        self.assertEqual(central.status()["records"]["customer"], 1)
        stopped = self.events(met, "stopped")[0]
        self.assertIn("Read-only", stopped["detail"])
        self.assertIn("write protection", stopped["next"])
        self.assertEqual(met.lines()[-1]["applied"], 1)
        self.assertEqual(self.files(locked), before)

    def test_a_backup_where_the_unit_lets_nothing_be_written(self):
        locked = self.mounted("locked", "1m")
        subprocess.run(["mount", "-o", "remount,ro", locked], check=True)
        machine = self.new_machine("central", "vendor")
        for by_unit in (True, False):
            with self.subTest(by_unit=by_unit), mock.patch.dict(os.environ, INVOCATION_ID="0" * 32):
                if not by_unit:
                    del os.environ["INVOCATION_ID"]
                machine.restart()
                for place in (locked, locked / "missing" / "new.backup"):
                    refused = machine.run("backup", "create", place, "--recipient", RECIPIENT)
                    self.assertIn("no backup can be made", refused.err)
                    self.assertEqual("systemctl edit skerry" in refused.err, by_unit)
                    self.assertEqual("ReadWritePaths=/" in refused.err, by_unit)

    def test_what_cannot_be_removed_holds_up_nothing(self):
        central, site, _ = self.new_pair()
        locked = self.mounted("locked", "1m")
        for name in ("Known", "New"):
            site.create("customers", {"name": name})
            site.ok("exchange", locked)
            if name == "Known":
                central.ok("exchange", locked)
        before = self.files(locked)
        subprocess.run(["mount", "-o", "remount,ro", locked], check=True)
        met = central.run("exchange", locked, "--remove", "--json")
        self.assertEqual(met.code, 74, met)
        self.assertEqual(central.status()["records"]["customer"], 2)
        stayed = self.events(met, "not_removed")[0]
        self.assertEqual(stayed["files"], 2)
        self.assertIn("Read-only", stayed["detail"])
        self.assertIn("write protection", stayed["next"])
        self.assertEqual(self.files(locked), before)

    def test_a_site_is_invited_only_where_its_invitation_fits(self):
        central = self.new_machine("central", "vendor")
        full = self.mounted("full", "64k")
        (full / "filler").write_bytes(b"x" * (64 << 10))
        locked = self.mounted("locked", "1m")
        subprocess.run(["mount", "-o", "remount,ro", locked], check=True)
        for place in (full, locked, locked / "one.skb"):
            met = central.run("site", "invite", "Plant", "--out", place)
            self.assertEqual(met.code, 74, met)
            self.assertIn("Next: ", met.err)
        self.assertEqual(central.status()["sites"]["total"], 0)
        self.assertEqual(self.files(full), {"filler"})


class Turns(Media):
    def test_exchanges_at_once_take_turns(self):
        central, site, medium = self.new_pair()
        for number in range(6):
            site.create("customers", {"name": f"Site {number}"})
            central.create("customers", {"name": f"Central {number}"})
            at_once = [subprocess.Popen([SKERRY, "exchange", medium, "--data", machine.data],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                       for machine in (site, central, site, central)]
            for one in at_once:
                said, _ = one.communicate(timeout=COMMAND_SECONDS)
                self.assertEqual(one.returncode, 0, said)
        self.exchange(central, site, medium)
        self.assert_same_state(central, site)

    def test_an_export_takes_its_turn_too(self):
        _, site, medium = self.new_pair()
        site.create("customers", {"name": "From the site"})
        turn = os.open(medium, os.O_RDONLY)
        self.addCleanup(os.close, turn)
        fcntl.flock(turn, fcntl.LOCK_EX)
        export = subprocess.Popen([SKERRY, "bundle", "export", "--out", medium, "--data",
                                   site.data], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True)
        self.assertIn(f"waiting for another exchange or export in {medium}",
                      export.stderr.readline())
        fcntl.flock(turn, fcntl.LOCK_UN)
        said, rest = export.communicate(timeout=COMMAND_SECONDS)
        self.assertEqual(export.returncode, 0, rest)
        self.assertIn("wrote ", said)

    def test_the_relay_takes_its_turn_too(self):
        central, site, _ = self.new_pair()
        site.configure(f'[central]\nurl = "http://{central.address}"\n')
        site.restart()
        site.create("customers", {"name": "From the site"})
        turn = os.open(site.data, os.O_RDONLY)
        self.addCleanup(os.close, turn)
        fcntl.flock(turn, fcntl.LOCK_EX)
        relay = subprocess.Popen([SKERRY, "exchange", "--online", "--relay", "--data", site.data],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("skerry at ", relay.stderr.readline())
        self.assertIn("waiting for another exchange", relay.stderr.readline())
        fcntl.flock(turn, fcntl.LOCK_UN)
        _, rest = relay.communicate(timeout=COMMAND_SECONDS)
        self.assertEqual(relay.returncode, 0, rest)
        self.assert_same_state(central, site)


class Gaps(Media):
    def command(self, machine, next_step):
        """The command that a refusal names, as arguments."""
        self.assertIn("skerry ", next_step)
        return shlex.split(next_step.split("skerry ", 1)[1])

    def test_central_names_what_it_needs_and_the_command_brings_it(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Lost on the way"})
        head = site.status()["log"]["head"]
        site.create("customers", {"name": "Late"})
        late = self.new_medium("late")
        site.ok("bundle", "export", "--from", head + 1, "--out", late)
        met = central.run("exchange", late, "--json")
        self.assertEqual(met.code, 13, met)
        refused = self.events(met, "refused")[0]
        self.assertIn("central needs from 1", refused["detail"])
        named = self.command(central, refused["next"])
        self.assertEqual(named, ["bundle", "export", "--from", "1"])
        site.ok(*named, "--out", late)
        central.ok("exchange", late)
        self.assertEqual(central.status()["records"]["customer"], 2)

    def test_a_site_names_what_it_needs_and_the_command_brings_it(self):
        central = self.new_machine("central", "vendor", SMALL_BUNDLES)
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        self.exchange(central, site, medium)
        self.write_notes(central, 3)
        pieces = self.new_medium("pieces")
        central.ok("exchange", pieces)
        down = sorted((pieces / "SKERRY" / self.site_id).rglob("d-*.skb"))
        self.assertGreater(len(down), 1)
        before = site.status()["upstream"]["n"]
        first = min(down, key=lambda path: int(path.stem.split("-")[3]))
        first.unlink()
        met = site.run("exchange", pieces, "--json")
        self.assertEqual(met.code, 13, met)
        refused = self.events(met, "refused")[0]
        self.assertIn(f"this site needs from {before + 1}", refused["detail"])
        named = self.command(site, refused["next"])
        self.assertEqual(named, ["bundle", "export", self.site_id, "--from", str(before + 1)])
        central.ok(*named, "--out", pieces)
        self.assertIn(site.run("exchange", pieces).code, (0,))
        self.assert_same_state(central, site)

    def test_from_one_is_the_whole_state(self):
        central, site, medium = self.new_pair()
        central.create("customers", {"name": "There"})
        self.exchange(central, site, medium)
        out = self.folder / "whole.skb"
        central.ok("bundle", "export", "mine", "--from", 1, "--out", out)
        seen = run("bundle", "inspect", out, "--json").document()
        self.assertEqual(seen["manifest"]["kind"], "snapshot")
        behind = central.run("bundle", "export", "mine", "--from", 10_000, "--out", self.folder)
        self.assertEqual(behind.code, 65, behind)
        self.assertIn("log ends at row", behind.err)
        nobody = central.run("bundle", "export", "--from", 1, "--out", self.folder)
        self.assertEqual(nobody.code, 65, nobody)
        self.assertIn("name the site", nobody.err)


class Receipts(Media):
    def test_what_was_refused_is_told_to_its_sender(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Fragile"})
        site.ok("exchange", medium)
        bundle = self.up_bundles(medium)[-1]
        (bundle.parent / "u-damaged.skb").write_bytes(bundle.read_bytes()[:-600])
        self.assertEqual(central.run("exchange", medium).code, 3)
        text = (bundle.parent / "receipt.txt").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("# central looked at this medium at "), text)
        self.assertIn(f"applied\t{bundle.name}\t", text)
        self.assertIn("corrupt_bundle\tu-damaged.skb\t", text)
        seen = site.ok("exchange", medium, "--json")
        told = {each["file"]: each for each in self.events(seen, "receipt")}
        self.assertEqual(told[bundle.name]["outcome"], "applied")
        self.assertEqual(told["u-damaged.skb"]["outcome"], "corrupt_bundle")
        self.assertEqual({each["from"] for each in told.values()}, {"central"})
        said = site.ok("exchange", medium).out
        self.assertIn("refused by central: u-damaged.skb", said)
        self.assertIn("receipt of central (not signed)", said)
        central.run("exchange", medium)
        theirs = medium / "SKERRY" / self.site_id / "central" / "receipt.txt"
        self.assertIn(f"# site {self.site_id} looked", theirs.read_text(encoding="utf-8"))

    def test_what_is_in_the_way_of_a_receipt_holds_up_no_bundle(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Told all the same"})
        site.ok("exchange", medium)
        (self.up_bundles(medium)[-1].parent / "receipt.txt").mkdir()
        met = central.run("exchange", medium, "--json")
        self.assertEqual(met.code, 74, met)
        self.assertIn("receipt.txt", self.events(met, "no_receipt")[0]["next"])
        self.assertEqual(self.events(met, "stopped"), [])
        self.assertGreater(met.lines()[-1]["written"], 0)
        site.ok("exchange", medium)
        self.assertEqual(site.status()["pending"], 0)

    def test_a_receipt_is_anybodys_claim(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Unsettled"})
        site.ok("exchange", medium)
        place = self.up_bundles(medium)[-1].parent / "receipt.txt"
        pending = site.status()["pending"]
        for content in (b"applied\t" + self.up_bundles(medium)[-1].name.encode() + b"\t\x1b[2J\t\n",
                        b"\xff\xfe\0\0" * 1000, b"x" * (3 << 20), b"\n" * 100_000):
            place.write_bytes(content)
            seen = site.ok("exchange", medium)
            self.assertNotIn("\x1b", seen.out)
            self.assertLess(len(seen.out), 20_000)
        self.assertEqual(site.status()["pending"], pending)
        secret = self.folder / "secret"
        secret.write_text("applied\tu-1.skb\tprecious\t\n", encoding="utf-8")
        for make in (lambda: place.symlink_to(secret), lambda: os.mkfifo(place), place.mkdir):
            place.unlink()
            make()
            self.assertNotIn("precious", site.ok("exchange", medium).out)
            if place.is_dir():
                place.rmdir()
                place.touch()


if __name__ == "__main__":
    unittest.main()
