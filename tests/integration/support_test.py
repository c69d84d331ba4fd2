"""support bundle: readable by stock tools, bounded, without secrets and records, daemon or not."""

import json
import subprocess
import tarfile
import unittest

from machine import MachineTest, run

SECRET_NAME = "Canary Bakery"
LOG_BYTES_MAX = 1024 * 1024


class SupportBundle(MachineTest):
    def made(self, machine, *arguments):
        """(what the command said, the members' texts)"""
        file = self.folder / f"support-{len(list(self.folder.iterdir()))}.tar"
        said = machine.ok("support", "bundle", file, "--json", *arguments).document()
        self.assertEqual(said["file"], str(file))
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        with tarfile.open(file) as tar:
            texts = {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers()}
        self.assertEqual([(m["name"], m["bytes"]) for m in said["members"]],
                         [(name, len(text.encode())) for name, text in texts.items()])
        return said, texts

    def assert_silent(self, machine, texts, *secrets):
        """None of these, no key and no record is in any of the texts."""
        keys = [(machine.data / "keys" / name).read_text(encoding="utf-8").splitlines()
                for name in ("sign.pem", "age.key")]
        lines = [line for key in keys for line in key if "PRIVATE" in line or len(line) > 30]
        for name, text in texts.items():
            for secret in (*secrets, *lines):
                self.assertNotIn(secret, text, name)

    def test_of_a_machine_that_runs(self):
        central, site, _ = self.new_pair()
        customer = central.create("customers", {"name": SECRET_NAME})["id"]
        central.create("contacts", {"customer": customer, "last_name": "Canary",
                                    "email": "canary@bakery.example"})
        _, texts = self.made(central)
        self.assert_silent(central, texts, SECRET_NAME, "Canary", "canary@", central.token,
                           '"vendor"', '"mine"')
        self.assertEqual(json.loads(texts["status.json"])["role"], "central")
        self.assertEqual(json.loads(texts["database.json"])["rows"]["customer"], 1)
        self.assertEqual(json.loads(texts["database.json"])["quick_check"], ["ok"])
        self.assertIn("disk", {f["subject"] for f in json.loads(texts["doctor.json"])["findings"]})
        self.assertIn("skerry_build_info", texts["metrics.txt"])
        self.assertIn("keys/sign.pem", texts["files.txt"])
        self.assertIn("exchange.interval_seconds", json.loads(texts["config.json"])["values"])
        for name in texts:
            if name != "readme.txt":
                self.assertIn(name, texts["readme.txt"])
        _, texts = self.made(site)
        self.assert_silent(site, texts, SECRET_NAME, '"mine"', '"vendor"')

    def test_of_a_machine_that_does_not_run(self):
        machine = self.new_machine("site", "asleep", start=False)
        machine.configure('[central]\nurl = "https://office.vendor.example:7443"\n')
        before = {p: p.read_bytes() for p in machine.data.rglob("*") if p.is_file()}
        _, texts = self.made(machine)
        self.assertIn("no answer", texts["status.json"])
        self.assertEqual(json.loads(texts["database.json"])["role"], "site")
        self.assertNotIn("asleep", texts["database.json"])
        self.assert_silent(machine, texts, "office.vendor")
        after = {p: p.read_bytes() for p in before}
        self.assertEqual(before, after, "it writes nothing")

    def test_of_a_database_that_is_no_more(self):
        machine = self.new_machine("site", "broken", start=False)
        (machine.data / "skerry.db").write_bytes(b"no database" * 1000)
        _, texts = self.made(machine)
        self.assertIn("damaged", json.loads(texts["database.json"])["error"])
        machine.data = self.folder / "nothing"
        _, texts = self.made(machine)
        self.assertIn("never initialised", json.loads(texts["database.json"])["error"])

    def test_the_end_of_a_log_without_its_secrets(self):
        machine = self.new_machine("site", "mine", start=False)
        log = self.folder / "daemon.log"
        secrets = ("skry_app_0123456789abcdefghijABCDEFGHIJ12345678", "ann@bakery.example",
                   "K7QF2-9XWMC-4TB0H-RGN5E-8PVJD", "10.9.8.7",
                   "AGE-SECRET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")
        lines = "".join(f"<6>request {n}: took long\n" for n in range(100_000))
        log.write_text("the first line\n" + lines + "".join(f"<4>of mine: {s}\n" for s in secrets),
                       encoding="utf-8")
        said, texts = self.made(machine, "--log", log)
        self.assert_silent(machine, texts, *secrets, "the first line", "of mine")
        self.assertIn("request 99999", texts["log.txt"])
        self.assertLessEqual(len(texts["log.txt"]), LOG_BYTES_MAX)
        member = next(m for m in said["members"] if m["name"] == "log.txt")
        self.assertEqual(member["replaced"], 2 * len(secrets))
        self.assertGreater(member["left_out_bytes"], 1_000_000)

    def test_the_names_of_certificates(self):
        machine = self.new_machine("central", "vendor", 'tls_address = "127.0.0.1:0"\n'
                                   '[tls]\nnames = "box.plant.example"\n')
        log = self.folder / "daemon.log"
        missing = machine.run("support", "bundle", "--log", log)
        self.assertEqual(missing.code, 65, missing)
        log.write_text("<5>the certificate for box.plant.example is new\n"
                       "<6>password=kelp-forest from 2001:db8::17\n", encoding="utf-8")
        _, texts = self.made(machine, "--log", log)
        self.assert_silent(machine, texts, "box.plant", "kelp-forest", "2001:db8")

    def test_of_a_wrong_configuration(self):
        machine = self.new_machine("site", "mine", start=False)
        (machine.data / "skerry.toml").write_text(
            '[central]\nurl = "https://central.example"\nproxy = "http://ann:secret@proxy:3128"\n',
            encoding="utf-8")
        _, texts = self.made(machine)
        self.assertIn("central.proxy", json.loads(texts["config.json"])["error"])
        self.assertEqual(json.loads(texts["database.json"])["role"], "site")
        self.assert_silent(machine, texts, "ann", "secret@")

    def test_what_it_says_before_anything_leaves(self):
        machine = self.new_machine("site", "mine", start=False)
        looked = machine.ok("support", "bundle", self.folder / "no.tar", "--dry-run")
        self.assertFalse((self.folder / "no.tar").exists())
        self.assertIn("database.json", looked.out)
        self.assertIn("nothing is written", looked.out)
        shown = machine.ok("support", "bundle", self.folder)
        self.assertIn("nothing is sent", shown.out)
        file = next(self.folder.glob("skerry-support-*.tar"))
        listed = subprocess.run(["tar", "-tf", file], capture_output=True, text=True, check=True)
        self.assertEqual(listed.stdout.split()[0], "readme.txt")
        again = machine.run("support", "bundle", file, "--json")
        self.assertEqual((again.code, again.document()["error"]["code"]), (1, "already_exists"))
        nowhere = run("support", "bundle", self.folder / "no" / "where.tar")
        self.assertNotEqual(nowhere.code, 0, nowhere)


if __name__ == "__main__":
    unittest.main()
