"""Backups by the real binary: made under load, read back, found wanting, killed at any moment."""

import json
import shutil
import threading
import time
import unittest

from machine import Machine, MachineTest, run, wait_until


def arranged(recipient, interval=0, keep=7):
    return (f"[backup]\nrecipient = \"{recipient}\"\ninterval_seconds = {interval}\n"
            f"keep = {keep}\n")


class Backups(MachineTest):
    def with_key(self, role, name, interval=0, keep=7):
        """A machine with a recovery key, whose file is in self.key."""
        self.key = self.folder / f"recovery-{name}.agekey"
        made = run("backup", "key", self.key, "--json").document()
        return self.new_machine(role, name, arranged(made["recipient"], interval, keep))

    def files(self, machine):
        return sorted((machine.data / "backups").glob("*.backup"))

    def test_the_way_from_a_key_to_a_verified_backup(self):
        central = self.new_machine("central", "vendor")
        without = central.run("backup", "create")
        self.assertEqual(without.code, 78, without)
        self.assertIn("skerry backup key FILE", without.err)
        planned = central.ok("backup", "schedule")  # doctor finds nothing wrong with it either
        self.assertIn("Next: skerry backup key FILE", planned.out)
        self.assertEqual(central.status()["attention"], [], "nobody arranged any")

        key = self.folder / "recovery.agekey"
        made = run("backup", "key", key)
        self.assertIn("safe", made.out)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(run("backup", "key", key).code, 1, "it is there already")
        recipient = next(line for line in made.out.splitlines() if line.startswith("age1"))
        central.configure(arranged(recipient))
        central.restart()
        self.assertIn("no backup yet", " ".join(central.status()["attention"]))

        central.create("customers", {"name": "Lighthouse"})
        backup = central.ok("backup", "create", "--json").document()
        self.assertEqual([backup["file"]], [str(file) for file in self.files(central)])
        status = central.status()
        self.assertEqual(status["backup"]["last_good_at"], backup["created_at"])
        self.assertEqual(status["attention"], [])
        self.assertEqual(central.run("status").code, 0)
        self.assertEqual(central.run("doctor").code, 0)
        listed = central.ok("backup", "list", "--json").document()
        self.assertEqual([item["id"] for item in listed["items"]], [backup["id"]])
        in_folder = run("backup", "list", central.data / "backups", "--json").lines()
        self.assertEqual(in_folder[0]["records"]["customer"], 1)
        empty = central.run("backup", "verify", "/proc/self/mem")
        self.assertEqual(empty.code, 65, empty)
        self.assertIn("/proc/self/mem: the file is empty", empty.err)
        self.assertIn(" verified ", central.ok("backup", "list").out)
        central.ok("backup", "verify", backup["file"])
        central.ok("backup", "verify", backup["file"].rsplit("/", 1)[1])

        # On a machine that knows nothing but the recovery key.
        elsewhere = ("--data", self.folder / "nowhere")
        opened = run("backup", "verify", backup["file"], "--identity", key, "--json", *elsewhere)
        self.assertEqual(opened.code, 10, opened)
        self.assertFalse(opened.document()["vouched"])
        vouched = run("backup", "verify", backup["file"], "--identity", key, "--key",
                      status["sign_key"], *elsewhere)
        self.assertEqual(vouched.code, 0, vouched)
        stranger = self.new_machine("site", "stranger")
        refused = stranger.run("backup", "verify", backup["file"])
        self.assertEqual(refused.code, 12, refused)
        wrong_key = run("backup", "verify", backup["file"], "--identity",
                        stranger.data / "keys" / "age.key", *elsewhere)
        self.assertEqual(wrong_key.code, 12, wrong_key)
        self.assertIn(recipient, wrong_key.err, "which key it needs")
        self.files(central)[0].unlink()
        self.assertIn(" gone ", central.ok("backup", "list").out)

    def test_damage_is_found_and_remembered(self):
        central = self.with_key("central", "vendor")
        backup = central.ok("backup", "create", "--json").document()
        file = self.files(central)[0]
        whole = file.read_bytes()
        file.write_bytes(whole[:-3000] + bytes([whole[-3000] ^ 1]) + whole[-2999:])
        found = central.run("backup", "verify", file)
        self.assertEqual(found.code, 65, found)
        self.assertIn("Next:", found.err)
        self.assertIn(str(file), found.err, "of several, which")
        self.assertEqual(central.run("status").code, 10)
        self.assertTrue(central.ok("backup", "list", "--json").document()["items"][0]["failure"])
        file.write_bytes(whole[: len(whole) // 2])
        self.assertEqual(central.run("backup", "verify", file).code, 65)
        file.write_bytes(whole)
        central.ok("backup", "verify", file)
        self.assertEqual(central.status()["backup"]["last_good_at"], backup["created_at"])

    def test_refusals(self):
        central = self.with_key("central", "vendor")
        for body in ({"to": "relative"}, {"to": 1}, {"from": "/x"}, {"to": ""}):
            answer = central.http("POST", "/v1/backups", body)
            self.assertIn(answer.status, (400, 422), answer)
        for body in ({}, {"file": "../escape"}, {"file": 7}, {"file": "/no/such.backup"}):
            answer = central.http("POST", "/v1/backups:verify", body)
            self.assertIn(answer.status, (400, 404, 422), answer)
        for recipient in ("", "age1", "AGE-SECRET-KEY-1QQ", "age1" + "q" * 58):
            answer = central.http("POST", "/v1/backups", {"recipient": recipient})
            self.assertEqual(answer.status, 422, answer)
        medium = self.new_medium()
        refused = central.run("backup", "create", medium / "no" / "x")
        self.assertEqual(refused.code, 74, refused)
        self.assertIn("Next: ", refused.err)
        central.ok("backup", "create", medium / "mine")
        self.assertEqual(central.run("backup", "create", medium / "mine").code, 1)
        self.assertEqual(central.status()["attention"], [], "none of that is a failed backup")

    def test_without_a_daemon(self):
        central = self.with_key("central", "vendor")
        central.create("customers", {"name": "Lighthouse"})
        central.stop()
        other = self.folder / "other.agekey"
        recipient = run("backup", "key", other, "--json").document()["recipient"]
        medium = self.new_medium()
        made = central.ok("backup", "create", medium, "--recipient", recipient, "--json").document()
        self.assertEqual(made["file"], str(next(medium.glob("*.backup"))))
        opened = run("backup", "verify", made["file"], "--identity", other, "--key",
                     central.data / "keys" / "sign.pub.pem", "--json", "--data", self.folder / "no")
        self.assertEqual(opened.code, 0, opened)
        self.assertEqual(opened.document()["records"]["customer"], 1)
        central.start()
        self.assertEqual(central.status()["backup"]["last_good_at"], made["created_at"])
        # A daemon that runs and is not reached is no stopped one.
        elsewhere = self.folder / "elsewhere.toml"
        elsewhere.write_text("[listen]\nsocket = \"nowhere.sock\"\n" + arranged(recipient))
        refused = run("backup", "create", "--data", central.data, "--config", elsewhere)
        self.assertEqual(refused.code, 69, refused)

    def test_by_itself(self):
        central = self.with_key("central", "vendor", interval=1, keep=2)

        def made():
            items = central.ok("backup", "list", "--json").document()["items"]
            return len(items) >= 4 and not any(item["failure"] for item in items)

        wait_until(made, 120)
        self.assertLessEqual(len(self.files(central)), 3, "the oldest make room")
        schedule = central.ok("backup", "schedule", "--json").document()
        self.assertEqual(schedule["keep"], 2)
        self.assertTrue(schedule["next_at"])

    def test_under_load(self):
        central = self.with_key("central", "vendor")
        central.http("GET", "/livez")
        stop = threading.Event()
        written = []

        def write(worker):
            number = 0
            while not stop.is_set():
                number += 1
                made = central.http("POST", "/v1/customers", {"name": f"C {worker} {number}"})
                self.assertEqual(made.status, 201, made)
                written.append(made.json()["id"])

        threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(written) > 100)
            before = len(written)
            backup = central.ok("backup", "create", "--json").document()
            self.assertGreater(len(written), before, "writes go on meanwhile")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        checked = run("backup", "verify", backup["file"], "--identity", self.key, "--json",
                      "--data", central.data).document()
        self.assertGreaterEqual(checked["records"]["customer"], before)
        self.assertLess(checked["records"]["customer"], len(written))
        self.assertEqual(checked["rows"], backup["rows"])
        self.assert_whole(central)

    def test_a_site_learns_what_is_durable(self):
        central = self.with_key("central", "vendor")
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        site.create("customers", {"name": "Harbour"})
        self.exchange(central, site, medium)
        self.assertEqual(site.status()["upstream"]["acked"], 2)  # a token and a customer
        self.assertEqual(site.status()["upstream"]["durable"], 0)
        central.ok("backup", "create")
        site.create("customers", {"name": "Later"})
        self.exchange(central, site, medium)
        self.assertEqual(site.status()["upstream"]["acked"], 3)
        self.assertEqual(site.status()["upstream"]["durable"], 2)

    def test_killed_at_any_moment(self):
        central = self.with_key("central", "vendor")
        table = self.folder / "many.csv"
        table.write_text("Name\n" + "".join(f"Customer {n}\n" for n in range(4000)),
                         encoding="utf-8")
        central.ok("import", "customers", table)
        began = time.monotonic()
        central.ok("backup", "create")
        took = time.monotonic() - began
        for part in range(6):
            making = threading.Thread(target=central.run, args=("backup", "create"))
            making.start()
            time.sleep(took * part / 5)
            central.kill()
            making.join()
            central.start()
            for file in self.files(central):
                central.ok("backup", "verify", file)
            self.assert_whole(central)
        central.ok("backup", "create")
        left = [file.name for file in (central.data / "backups").iterdir()
                if not file.name.endswith(".backup")]
        self.assertEqual(left, [], "what a killed one left is taken away")
        self.assertFalse((central.data / "scratch").exists())


if __name__ == "__main__":
    unittest.main()
