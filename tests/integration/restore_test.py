"""A backup in the place of a machine, by the real binary: shown, asked about, killed."""

import hashlib
import os
import pty
import random
import re
import shutil
import subprocess
import time
import unittest
from pathlib import Path

from machine import COMMAND_SECONDS, SKERRY, run
from restored import RestoreTest, anchor_of


TOUCHED = ("lock", "log", "skerry.db-wal", "skerry.db-shm")


def tree(folder):
    """Every file and what it holds, but for what a look alone may touch."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file() and path.name not in TOUCHED}


class Restores(RestoreTest):
    def setUp(self):
        super().setUp()
        self.key = self.folder / "recovery.agekey"
        self.recipient = run("backup", "key", self.key, "--json").document()["recipient"]

    def back_up(self, machine):
        made = machine.ok("backup", "create", self.folder / f"{machine.data.name}.backup",
                          "--recipient", self.recipient, "--json")
        return made.document()["file"]

    def restore(self, machine, file, *options):
        outcome = machine.run("backup", "restore", file, "--yes", "--json", *options)
        self.assertEqual(outcome.code, 0, outcome)
        machine.token = None  # perhaps younger than the backup
        return outcome.lines()

    def assert_way_back(self, machine, detail, steps):
        """`doctor` on lost rows: the steps in their order, people last."""
        found = self.findings(machine)["lost rows"]
        self.assertIn(detail, found["detail"])
        places = [found["next"].find(step) for step in steps]
        self.assertTrue(-1 not in places and places == sorted(places), found["next"])

    def site_after_its_backup(self):
        """`kept` is in the backup, `sent` at central, `unsent` nowhere else."""
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "kept"})
        self.carry(central, site, medium)
        file = self.back_up(site)
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        site.create("customers", {"name": "unsent"})
        return central, site, medium, file

    def test_a_site_loses_nothing(self):
        central, site, medium, file = self.site_after_its_backup()
        refused = site.run("backup", "restore", file, "--yes")
        self.assertEqual(refused.code, 75, "the daemon runs")
        site.stop()
        before = tree(site.data)
        shown = site.run("backup", "restore", file, "--dry-run")
        self.assertEqual(shown.code, 0, shown)
        self.assertIn("2 changes", shown.out)
        self.assertIn("1 of them central has", shown.out)
        self.assertIn("1 nobody else has", shown.out)
        unasked = site.run("backup", "restore", file)
        self.assertEqual(unasked.code, 64, unasked)
        self.assertIn("--yes", unasked.err)
        self.assertEqual(tree(site.data), before)

        preview, report = self.restore(site, file)
        cost = preview["preview"]["cost"]
        self.assertEqual((cost["own"], cost["at_central"], cost["waiting"]), (2, 1, 1))
        self.assertTrue(report["for_central"])
        self.assertEqual(len(report["saved"]), 1)
        site.start()
        self.assertEqual(self.names(site), {"kept"})
        self.assertEqual(site.status()["renewed"]["why"], "restored")
        self.assert_way_back(site, "central may have them",
                             ("skerry exchange", f"skerry bundle import {report['saved'][0]}",
                              "only then ask the people", "skerry lost acknowledge"))
        listed = site.ok("backup", "list", "--json").document()["items"]
        self.assertEqual([each["file"] for each in listed], [file], "that it came from")
        self.assertEqual(listed[0]["sha256"], hashlib.sha256(Path(file).read_bytes()).hexdigest())
        self.assertEqual(site.status()["backup"]["last_good_at"], listed[0]["created_at"])

        central.ok("bundle", "import", report["saved"][0])
        site.create("customers", {"name": "after"})
        self.carry(central, site, medium, times=2)
        self.assert_one_register(central, site, {"kept", "sent", "unsent", "after"})
        for machine in (central, site):
            self.assertEqual(self.findings(machine), {})
        # The copy that was kept is a database.
        kept = subprocess.run(["sqlite3", f"{report['safety']}/skerry.db",
                               "SELECT count(*) FROM customer"], capture_output=True, text=True,
                              timeout=COMMAND_SECONDS, check=True)
        self.assertEqual(kept.stdout.strip(), "3")

    def test_what_central_has_in_no_backup_is_there_in_case(self):
        central, site, medium = self.new_pair()
        of_central = self.aside(central)
        file = self.back_up(site)
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        site.stop()
        outcome = site.run("backup", "restore", file, "--yes")
        self.assertEqual(outcome.code, 0, outcome)
        self.assertIn("in case central is put back as well", outcome.out)
        told = re.search("^Next: (.*)$", outcome.out + outcome.err, re.MULTILINE).group(1)
        self.assertTrue(told.startswith("skerry serve ") and ";" not in told, told)
        saved = next(site.data.glob("before-restore-*/u-*.skb"))
        site.token = None
        site.start()
        self.put_back(central, of_central, "stays")
        self.assertEqual(self.names(central) | self.names(site), set())
        central.ok("bundle", "import", saved)
        self.follow_next(central, site, self.new_medium("fresh"))
        self.assert_one_register(central, site, {"sent"})

    def test_central_writes_again_what_it_alone_had(self):
        central, site, medium = self.new_pair()
        old = central.create("customers", {"name": "old"})
        self.carry(central, site, medium)
        file = self.back_up(central)
        central.edit("customers", old["id"], {"name": "renamed"})
        central.create("customers", {"name": "made"})
        site.create("customers", {"name": "of the site"})
        self.carry(central, site, medium)
        central.stop()
        _, report = self.restore(central, file)
        self.assertFalse(report["for_central"])
        tried = central.ok("backup", "reapply", report["saved"][0], "--dry-run")
        self.assertIn("2 would be written again", tried.out)
        again = central.ok("backup", "reapply", report["saved"][0], "--json")
        done = again.document()
        self.assertEqual((done["changes"], done["written"]), (2, 2))
        self.assertNotRegex(again.err, "(?m)^<[0-7]>")  # which is for the journal
        again = central.ok("backup", "reapply", report["saved"][0], "--json").document()
        self.assertEqual(again["written"], 0)
        central.start()
        self.assertEqual(central.status()["renewed"]["why"], "restored")
        self.assertEqual(central.run("backup", "reapply", report["saved"][0]).code, 75)
        self.follow_next(central, site, medium)
        self.assert_one_register(central, site, {"renamed", "made", "of the site"})
        for machine in (central, site):
            self.assertEqual(self.findings(machine), {})

    def test_a_site_that_came_after_the_backup_is_one_still(self):
        central = self.new_machine("central", "vendor")
        file = self.back_up(central)
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        site.create("customers", {"name": "unsent"})
        central.stop()
        _, report = self.restore(central, file)
        central.start()
        self.assert_way_back(central, "are lost",
                             ("exchange with the sites",
                              f"skerry backup reapply {report['saved'][0]}",
                              "only then enter again", "skerry lost acknowledge"))
        central.stop()
        again = central.ok("backup", "reapply", report["saved"][0], "--json").document()
        self.assertEqual((again["written"], again["skipped"]), (2, []))
        central.start()
        shown = central.ok("site", "show", "mine", "--json").document()
        self.assertEqual((shown["status"], shown["id"]), ("active", self.site_id))
        self.follow_next(central, site, self.new_medium("fresh"))
        self.assert_one_register(central, site, {"sent", "unsent"})

    def test_a_scope_is_what_it_was(self):
        central = self.new_machine("central", "vendor")
        site = self.new_machine("site", "mine")
        kept, left = [central.create("customers", {"name": name})["id"] for name in ("A", "B")]
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine", scope=f"{kept},{left}")
        self.carry(central, site, medium)
        file = self.back_up(central)
        central.ok("site", "set", "mine", "--scope-remove", left)
        self.carry(central, site, medium)
        central.stop()
        _, report = self.restore(central, file)
        again = central.ok("backup", "reapply", report["saved"][0], "--json").document()
        self.assertEqual((again["written"], again["skipped"]), (1, []))
        central.start()
        shown = central.ok("site", "show", "mine", "--json").document()
        self.assertEqual(shown["scope"], [kept])
        self.follow_next(central, site, self.new_medium("fresh"))
        self.assertEqual(self.names(site), {"A"})
        self.assert_same_state(central, site)

    def test_a_central_that_only_took_in(self):
        central, site, medium = self.new_pair()
        file = self.back_up(central)
        site.create("customers", {"name": "of the site"})
        self.carry(central, site, medium)
        central.stop()
        preview, report = self.restore(central, file)
        self.assertEqual(preview["preview"]["cost"]["own"], 0)
        self.assertEqual(report["saved"], [])
        central.start()
        for _ in range(2):
            for machine in (central, site):
                done = machine.run("doctor")
                self.assertEqual(done.code, 0, f"nobody has anything to enter again: {done}")
            self.carry(central, site, medium, times=2)
        self.assert_one_register(central, site, {"of the site"})

    def test_a_machine_without_a_central(self):
        site = self.new_machine("site", "alone")
        file = self.back_up(site)
        site.create("customers", {"name": "written after"})
        site.stop()
        _, report = self.restore(site, file)
        site.ok("backup", "reapply", report["saved"][0])
        site.start()
        self.assertEqual(self.names(site), {"written after"})
        self.assertEqual(set(self.findings(site)), {"central"}, "which it has none of")

    def test_the_name_is_typed(self):
        site = self.new_machine("site", "mine")
        file = self.back_up(site)
        site.create("customers", {"name": "written after"})
        site.stop()
        for word, code in (("yes", 1), ("mine", 0)):
            outcome = self.at_a_terminal(site, word, "backup", "restore", file)
            self.assertEqual(outcome.returncode, code, outcome)
        self.assertIn("restored to", outcome.stdout)

    @staticmethod
    def at_a_terminal(machine, word, *arguments):
        ours, theirs = pty.openpty()
        try:
            os.write(ours, (word + "\n").encode())
            return subprocess.run([SKERRY, *map(str, arguments), "--data", machine.data],
                                  stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True,
                                  timeout=COMMAND_SECONDS, check=False)
        finally:
            os.close(ours)
            os.close(theirs)

    def test_a_machine_that_burned_down(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "kept"})
        self.carry(central, site, medium)
        file = self.back_up(site)
        site.create("customers", {"name": "sent"})
        self.carry(central, site, medium)
        sign_key = site.status()["sign_key"]
        site.kill()
        config = (site.data / "skerry.toml").read_text(encoding="utf-8")
        shutil.rmtree(site.data)
        shutil.rmtree(anchor_of(site))
        locked = site.run("backup", "restore", file, "--yes")
        self.assertEqual(locked.code, 12, locked)
        self.assertIn("--identity", locked.err)
        self.assertFalse(site.data.exists())
        preview, report = self.restore(site, file, "--identity", self.key, "--key", sign_key)
        self.assertTrue(preview["preview"]["nothing_here"])
        self.assertIsNone(report["safety"])
        (site.data / "skerry.toml").write_text(config, encoding="utf-8")
        site.start()
        self.assertEqual(site.status()["sign_key"], sign_key)
        self.carry(central, site, medium, times=2)
        self.assert_one_register(central, site, {"kept", "sent"})

    def test_a_damaged_database_is_kept_as_it_is(self):
        site = self.new_machine("site", "mine")
        site.create("customers", {"name": "kept"})
        file = self.back_up(site)
        site.stop()
        database = site.data / "skerry.db"
        database.write_bytes(b"this is no database" * 1000)
        broken = database.read_bytes()
        preview, report = self.restore(site, file)
        self.assertTrue(preview["preview"]["unreadable"])
        self.assertTrue(report["damage"])
        self.assertEqual(open(report["safety"] + "/skerry.db", "rb").read(), broken)
        site.start()
        self.assertEqual(self.names(site), {"kept"})
        self.assert_whole(site)

    def test_what_a_lost_database_held_is_not_nothing(self):
        site = self.new_machine("site", "alone")
        file = self.back_up(site)
        site.create("customers", {"name": "written after"})
        site.stop()
        database = site.data / "skerry.db"
        tried = ("backup", "restore", file, "--dry-run")
        for damage in (b"", b"this is no database" * 1000, None):
            database.unlink()
            if damage is not None:
                database.write_bytes(damage)
            shown = site.ok(*tried).out
            self.assertIn("not known", shown)
            self.assertRegex(shown, r"lost +\d+ rows? of this machine, by its anchor")
            self.assertGreater(site.ok(*tried, "--json").document()["preview"]["lost"], 0)
            database.touch()
        shutil.rmtree(anchor_of(site))
        self.assertIn("no anchor tells what", site.ok(*tried).out)

    def test_the_anchor_of_another_central(self):
        vendor = self.new_machine("central", "vendor")
        other = self.new_machine("central", "other")
        file = self.back_up(other)
        vendor.create("customers", {"name": "counted by the anchor"})
        vendor.stop()
        other.stop()
        shutil.rmtree(vendor.data)
        before = tree(anchor_of(vendor))
        restored = vendor.run("backup", "restore", file, "--yes", "--identity", self.key, "--key",
                              other.data / "keys" / "sign.pub.pem")
        self.assertFalse(vendor.data.exists())
        shutil.copytree(other.data, vendor.data)
        for refused in (restored, vendor.run("serve")):
            self.assertEqual(refused.code, 78, refused)
            self.assertIn("the anchor belongs to another machine", refused.err)
            self.assertIn("[anchor] folder", refused.err)
            self.assertEqual(tree(anchor_of(vendor)), before)

    def test_what_is_refused_changes_nothing(self):
        site = self.new_machine("site", "mine")
        other = self.new_machine("site", "other")
        file = self.back_up(site)
        foreign = self.back_up(other)
        site.create("customers", {"name": "written after"})
        site.stop()
        whole = open(file, "rb").read()
        cut, flipped = self.folder / "cut.backup", self.folder / "flipped.backup"
        cut.write_bytes(whole[: len(whole) // 2])
        flipped.write_bytes(whole[:-5000] + bytes([whole[-5000] ^ 4]) + whole[-4999:])
        stranger = self.folder / "stranger.agekey"
        run("backup", "key", stranger)
        before = tree(site.data)
        for options, code in (((foreign,), 12), ((cut,), 65), ((flipped,), 65),
                              ((file, "--identity", stranger), 12),
                              ((foreign, "--identity", self.key, "--key",
                                other.data / "keys" / "sign.pub.pem"), 12),
                              ((self.folder / "nothing",), 65), ((self.folder,), 65)):
            refused = site.run("backup", "restore", *options, "--yes")
            self.assertEqual(refused.code, code, f"{options}: {refused}")
            self.assertIn("Next: ", refused.err, options)
            self.assertEqual(tree(site.data), before, options)
        site.start()
        self.assertEqual(self.names(site), {"written after"})

    def test_killed_at_any_moment(self):
        site = self.new_machine("site", "mine")
        table = self.folder / "many.csv"
        table.write_text("Name\n" + "".join(f"Customer {n}\n" for n in range(2000)),
                         encoding="utf-8")
        site.ok("import", "customers", table)
        file = self.back_up(site)
        site.create("customers", {"name": "written after"})
        site.stop()
        began = time.monotonic()
        site.ok("backup", "restore", file, "--dry-run")
        took = time.monotonic() - began
        chance = random.Random(7)
        states = {"old": 0, "new": 0}
        for _ in range(12):
            command = subprocess.Popen([SKERRY, "backup", "restore", file, "--yes", "--data",
                                        site.data], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(took * chance.uniform(0.6, 1.6))
            command.kill()
            command.wait()
            site.token = None
            site.start()
            count = site.status()["records"]["customer"]
            self.assertIn(count, (2000, 2001))
            states["new" if count == 2000 else "old"] += 1
            self.assert_whole(site)
            if count == 2000:
                self.assertEqual(site.status()["renewed"]["why"], "restored")
                site.create("customers", {"name": "written after"})
            site.stop()
        self.assertGreater(states["old"], 0, states)
        self.restore(site, file)
        site.start()
        self.assertEqual(site.status()["records"]["customer"], 2000)
        self.assertFalse((site.data / "scratch").exists())


if __name__ == "__main__":
    unittest.main()
