"""What is printed as the next step: there, true, and such that it can be typed as it stands."""

import sqlite3
import subprocess
import unittest
from contextlib import closing

from machine import MachineTest, Outcome, SKERRY, run


class Remedies(MachineTest):
    def assert_next(self, outcome, code, remedy):
        self.assertEqual(outcome.code, code, outcome)
        steps = [line for line in (outcome.out + outcome.err).splitlines()
                 if line.startswith("Next: ")]
        self.assertEqual(len(steps), 1, outcome)
        self.assertIn(remedy, steps[0])

    def test_words_with_a_blank_are_quoted(self):
        folder = self.folder / "two words"
        made = run("init", "--role", "central", "--name", "Head office", "--data", folder)
        self.assert_next(made, 0, f"skerry serve --data '{folder}'")
        self.assert_next(run("status", "--data", folder), 69, f"skerry serve --data '{folder}'")
        central = self.new_machine("central", "vendor")
        medium = self.new_medium("my stick")
        invited = central.run("site", "invite", "Plant O'Hara", "--out", medium)
        self.assert_next(invited, 0, f"skerry enrol '{medium}'")
        site = self.new_machine("site", "mine")
        site.ok("enrol", medium)
        admitted = central.run("site", "admit", medium, "--yes")
        self.assert_next(admitted, 0, f"skerry exchange '{medium}'")
        again = central.run("site", "invite", "Plant O'Hara", "--out", medium)
        self.assert_next(again, 1, "skerry site revoke 'Plant O'\\''Hara'")
        for verb in ("reauthorise", "adopt"):
            lonely = central.run("site", verb, "Plant O'Hara")
            self.assert_next(lonely, 1, "skerry site copies 'Plant O'\\''Hara'")
        up = self.folder / "up.skb"
        site.ok("exchange", medium)
        site.create("customers", {"name": "Late"})
        site.ok("bundle", "export", "--out", up)
        central.ok("site", "revoke", "Plant O'Hara")
        late = central.run("bundle", "import", up)
        self.assert_next(late, 12, "skerry site invite 'Plant O'\\''Hara'")

    def test_a_command_that_was_given_something_wrong(self):
        central = self.new_machine("central", "vendor")
        table = self.folder / "table.csv"
        for text in ("", "name,name\na,b\n", "name\n\"a\n"):
            table.write_text(text)
            for more in ((), ("--dry-run",)):
                self.assert_next(central.run("import", "customers", table, *more), 65,
                                 "correct the file and import it again")
        since = central.run("audit", "list", "--since", "yesterday")
        self.assert_next(since, 64, "--help after the command")
        invited = central.run("site", "invite", "central", "--out", self.new_medium())
        self.assert_next(invited, 65, "correct this, and run the command again")
        self.assertEqual(invited.err.count("what central itself is called"), 1, invited)
        self.assertIn(f"{table}: ", central.run("site", "admit", table).err)

    def test_what_a_replaced_machine_had_not_sent(self):
        central, old, medium = self.new_pair()
        old.create("customers", {"name": "unsent"})
        old.ok("exchange", medium)
        central.ok("site", "revoke", "mine")
        self.assert_next(central.run("exchange", medium), 12, "see the refused files above")
        told = old.run("exchange", medium)
        self.assert_next(told, 3, "once that is mended: carry the medium to central, and there: "
                         f"skerry exchange {medium}")
        self.assertIn("  there: nothing was taken in", told.out)
        self.enrol(central, self.new_machine("site", "new"), self.new_medium("second"), "mine")
        refused = central.run("exchange", medium)
        self.assert_next(refused, 12, "then carry the medium to the "
                         f"site, and there: skerry exchange {medium}")
        self.assertIn("skerry site revoke mine, then skerry site invite mine", refused.out)
        central.ok("site", "revoke", "mine")
        self.enrol(central, old, self.new_medium("third"), "mine")
        for machine in (old, central, old):
            machine.run("exchange", medium)
        self.assertEqual(old.status()["pending"], 0)
        self.assert_same_state(central, old)

    def test_a_single_bundle_is_carried_on(self):
        central, site, medium = self.new_pair()
        out = self.folder / "down.skb"
        self.assert_next(central.run("bundle", "export", "mine", "--out", out), 0,
                         f"carry it to the site, and there: skerry bundle import {out}")
        self.assert_next(site.run("bundle", "export", "--out", medium), 0,
                         f"carry it to central, and there: skerry exchange {medium}")
        here = subprocess.run([SKERRY, "bundle", "export", "--data", site.data], cwd=medium,
                              capture_output=True, text=True, check=True).stdout
        self.assertIn(f"wrote {medium}/SKERRY/central/", here)
        self.assert_next(site.run("site", "list"), 0, "this machine is a site")
        self.assert_next(site.run("site", "revoke", "mine"), 1, "run it at central")

    def test_what_is_for_another_site_says_so(self):
        central, site, medium = self.new_pair()
        other = self.enrol(central, self.new_machine("site", "other"), self.new_medium("second"),
                           "other")
        central.create("customers", {"name": "for both"})
        site.ok("exchange", medium)
        both = " and ".join(sorted(f"site {each[:8]}" for each in (self.site_id, other)))
        self.assert_next(central.run("exchange", medium), 0,
                         f"carry the medium to {both}, and there: skerry exchange {medium}")
        site.ok("exchange", medium)
        self.assert_next(central.run("exchange", medium), 0, "carry the medium to "
                         f"site {other[:8]}, and there: skerry exchange {medium}")

    def test_a_conflict_holds_up_no_courier(self):
        central, site, medium = self.new_pair()
        record = site.create("customers", {"name": "first"})["id"]
        self.exchange(central, site, medium)
        self.assert_next(central.run("exchange", self.new_medium("empty")), 0,
                         "nothing: no bundle for this machine is on the medium")
        for machine, name in ((site, "of the site"), (central, "of central")):
            machine.edit("customers", record, {"name": name})
        site.ok("exchange", medium)
        self.assert_next(central.run("exchange", medium), 11,
                         f"carry the medium to the site, and there: skerry exchange {medium}; "
                         "and here: skerry conflict list (1 to decide)")
        site.run("exchange", medium)
        central.run("exchange", medium)
        self.assert_next(site.run("exchange", medium), 11, "nothing: both sides have everything "
                         "this medium can carry; and here: skerry conflict list (1 to decide)")

    def test_what_lies_there_still_is_carried_on(self):
        central, site = self.new_machine("central", "vendor"), self.new_machine("site", "mine")
        medium = self.new_medium("stick")
        central.ok("site", "invite", "mine", "--out", medium)
        site.ok("enrol", medium)
        for _ in range(2):
            self.assert_next(site.run("exchange", medium), 0,
                             f"carry the medium to central, and there: skerry exchange {medium}")

    def test_a_missing_file_is_one_mistake(self):
        nowhere = self.folder / "nowhere"
        for command in (("trust", "show"), ("trust", "sign", "--key", nowhere),
                        ("backup", "verify", "--identity", nowhere), ("backup", "list"),
                        ("bundle", "inspect"), ("audit", "verify")):
            missing = run(*command, nowhere)
            self.assertIn(str(nowhere), missing.err)
            self.assertIn("Next: ", missing.err)
            self.assertEqual(missing.code, 65, f"{command}: {missing}")
        code = self.folder / "code"
        code.write_text("ABC", encoding="utf-8")
        wish = ("--product", "p", "--seat-id", "x")
        for command in (("request", "s", "r", "--code", nowhere, *wish), ("answer", nowhere, code),
                        ("refresh", nowhere, "r"), ("return", nowhere, "r"), ("qr", nowhere),
                        ("join", nowhere, "--out", "r")):
            self.assert_next(run("offline", *command), 65, "check the path")
        beyond = nowhere / "x"
        request = ("request", beyond, "r", "--code", code, *wish)
        self.assert_next(run("offline", *request), 74, "in a folder that is there")
        for noun in ("backup", "trust"):
            file = self.folder / f"{noun}.key"
            run(noun, "key", file)
            self.assert_next(run(noun, "key", file), 1, "another name")
            self.assert_next(run(noun, "key", beyond), 74, "in a folder that is there")

    def test_what_is_not_there_to_be_read_or_written(self):
        central, site, _ = self.new_pair()
        for name in (self.folder / "nowhere", self.folder / "x" / "y", "n" * 300, self.folder):
            wrong = central.run("backup", "verify", name)
            self.assert_next(wrong, 65, "skerry backup list")
        for machine, arguments in ((central, ("mine",)), (site, ())):
            beyond = machine.run("bundle", "export", *arguments, "--from", "99999")
            self.assert_next(beyond, 65, "without --from goes what")
        there = self.folder / "there"
        there.touch()
        for command in (("audit", "export"), ("export", "customers")):
            self.assert_next(central.run(*command, "--out", there), 1, "that is not there")
            nowhere = central.run(*command, "--out", self.folder / "nowhere" / "x")
            self.assert_next(nowhere, 74, "in a folder that is there")
        self.assertEqual(there.read_bytes(), b"")
        there.unlink()
        there.symlink_to(self.folder / "x")
        linked = central.run("export", "customers", "--out", there)
        self.assert_next(linked, 1, "that is not there")

    def test_damaged_keys_are_put_back(self):
        machine = self.new_machine("site", "mine", start=False)
        other = subprocess.run(["openssl", "genpkey", "-algorithm", "x25519"], check=True,
                               capture_output=True).stdout
        for name in ("sign.pem", "age.key"):
            key = machine.data / "keys" / name
            good = key.read_bytes()
            for wrong in (b"", b"garbage", good[:-8], other):
                key.write_bytes(wrong)
                refused = machine.run("serve")
                self.assertIn("Next: put back the keys folder", refused.err, (name, wrong))
            key.write_bytes(good)
            key.chmod(0o644)
            self.assert_next(machine.run("serve"), 78, f"chmod 600 {key}")
            key.chmod(0o600)

    def test_what_is_wrong_says_what_to_do(self):
        central = self.new_machine("central", "vendor")
        table = self.folder / "table.csv"
        table.write_text("A,B\nx,y\n", encoding="utf-8")
        bundle = self.folder / "one.skb"
        central.ok("site", "invite", "mine", "--out", bundle)
        for command in (("token", "revoke", "0199c0de-0000-7000-8000-000000000001"),
                        ("import", "customers", table, "--map", "name=A", "--map", "name=B"),
                        ("bundle", "verify", bundle, "--key", "/etc/passwd"),
                        ("bundle", "export", "--from", "99999999999999999999")):
            refused = central.run(*command)
            self.assertNotEqual(refused.code, 0, command)
            self.assertIn("Next: ", refused.err, command)
        self.assertIn("--from", refused.err)
        central.stop()
        (central.data / "skerry.db").write_bytes(b"garbage")
        self.assert_next(central.run("serve"), 65, "restore a backup")

    def test_a_database_that_was_changed_by_other_means_is_restored(self):
        machine = self.new_machine("site", "mine", start=False)
        for change in ("DROP TABLE meta", "DELETE FROM migration WHERE version=2",
                       "UPDATE migration SET sha256=zeroblob(32)"):
            with closing(sqlite3.connect(machine.data / "skerry.db")) as database:
                database.execute(change)
                database.commit()
            refused = machine.run("serve")
            self.assert_next(refused, 65, "skerry backup restore FILE")
            self.assertNotIn("CREATE TABLE", refused.err)

    def test_damage_that_is_met_later_is_restored(self):
        machine = self.new_machine("central", "vendor")
        machine.create("customers", {"name": "Acme"})
        machine.stop()
        file = machine.data / "skerry.db"
        with closing(sqlite3.connect(file)) as database:
            (page,) = database.execute(
                "SELECT rootpage FROM sqlite_master WHERE name='customer'").fetchone()
        with open(file, "r+b") as damaged:
            damaged.seek((page - 1) * 4096)
            damaged.write(b"Z" * 4096)
        machine.start()
        self.assert_next(machine.run("export", "customers"), 65, "skerry backup restore FILE")

    def test_a_lost_database_is_restored(self):
        machine = self.new_machine("site", "mine", start=False)
        (machine.data / "skerry.db").unlink()
        for command in (("serve",), ("init", "--role", "site", "--name", "mine")):
            refused = machine.run(*command)
            self.assert_next(refused, 78, f"skerry backup restore FILE --data {machine.data}")
            self.assertIn("skerry.db is missing", refused.err)
        (machine.data / "skerry.db").touch(mode=0o600)  # as a repaired file system may leave it
        refused = machine.run("serve")
        self.assert_next(refused, 78, f"skerry backup restore FILE --data {machine.data}")
        self.assertIn("skerry.db holds no machine", refused.err)

    def test_a_limit_of_file_sizes_is_a_full_disk(self):
        folder = self.folder / "limited"
        done = subprocess.run(["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", SKERRY, "init", "--role",
                               "central", "--name", "vendor", "--data", folder],
                              capture_output=True, text=True, check=False)
        self.assert_next(Outcome(done), 74, "free some space there")
        self.assertFalse(folder.exists())


if __name__ == "__main__":
    unittest.main()
