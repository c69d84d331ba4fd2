"""Exit codes, --json everywhere, configuration, init: what a script can rely on."""

import json
import stat
import unittest

from machine import MachineTest, run


class WithoutADaemon(MachineTest):
    def test_usage_errors_exit_64(self):
        for arguments in ((), ("nonsense",), ("status", "--nonsense"), ("token",),
                          ("init", "--role", "king", "--name", "x"), ("explain", "nonsense"),
                          ("token", "create", "x", "--access", "all")):
            refused = run(*arguments)
            self.assertEqual(refused.code, 64, f"{arguments}: {refused}")
            self.assertIn("Next: ", refused.err)
            self.assertEqual(refused.out, "")

    def test_what_is_missing_is_named(self):
        self.assertIn("there is no command 'ad'", run("relay", "ad", "file").err)
        self.assertIn("--file is required", run("relay", "add", "file").err)
        nowhere = run("init", "--role", "site", "--name", "x", "--data", self.folder / "a" / "b")
        self.assertEqual(nowhere.code, 74, nowhere)
        self.assertIn("make the folder above it", nowhere.err)

    def test_errors_are_objects_with_json(self):
        for arguments in (("nonsense",), ("status", "--data", self.folder)):
            refused = run(*arguments, "--json")
            self.assertEqual(refused.document()["error"]["exit"], refused.code)

    def test_version_and_explain(self):
        self.assertTrue(run("version").out.startswith("skerry "))
        self.assertIn("version", run("version", "--json").document())
        self.assertEqual(run("explain", "bundle_gap", "--json").document()["exit"], 13)
        self.assertIn("of a bundle: do not use it", run("explain", "unknown_signer").out)
        self.assertIn("bundle_gap", run("explain", "13", "--json").document()["codes"])
        self.assertIn("bundle_gap: ", run("explain", "13").out)
        for code, meaning in ((0, "done"), (3, "partly"), (10, "attention"), (11, "conflicts")):
            self.assertIn(f"exit code {code}: ", run("explain", code).out)
            self.assertIn(meaning, run("explain", code, "--json").document()["meaning"])
        self.assertIn(".B 10\nsomething asks for attention", run("man").out)
        self.assertEqual(run("explain", "2").code, 64)
        for code in ("weak_password", "unknown_field", "required", "reference_not_found",
                     "duplicate_key"):
            explained = run("explain", code)
            self.assertEqual((explained.code, explained.out.split(":")[0]), (0, code))
        self.assertEqual(run("--help").code, 0)

    def test_no_daemon_is_69_and_says_how_to_start_it(self):
        self.new_machine("site", "asleep", start=False)
        for arguments in (("status",), ("doctor",), ("digest",), ("token", "list"),
                          ("site", "list"), ("exchange", "--online"), ("conflict", "list"),
                          ("audit", "list"), ("audit", "verify"), ("backup", "list"),
                          ("bundle", "export"), ("changes",)):
            refused = self.machines[0].run(*arguments)
            self.assertEqual(refused.code, 69, f"{arguments}: {refused}")
            self.assertIn("skerry serve --data", refused.err)

    def test_init_makes_private_files_once(self):
        machine = self.new_machine("central", "once", start=False)
        for name, mode in ((".", 0o700), ("keys", 0o700), ("keys/sign.pem", 0o600),
                           ("keys/age.key", 0o600), ("skerry.db", 0o600)):
            self.assertEqual(stat.S_IMODE((machine.data / name).stat().st_mode), mode, name)
        before = {p: p.read_bytes() for p in machine.data.rglob("*") if p.is_file()}
        again = machine.run("init", "--role", "site", "--name", "twice")
        self.assertEqual(again.code, 1, again)
        after = {p: p.read_bytes() for p in machine.data.rglob("*") if p.is_file()}
        self.assertEqual(before, after)

    def test_serve_needs_init(self):
        refused = run("serve", "--data", self.folder / "nothing")
        self.assertEqual(refused.code, 78, refused)
        self.assertIn("skerry init", refused.err)
        self.assertFalse((self.folder / "nothing").exists())

    def test_configuration_errors_name_file_line_and_key(self):
        machine = self.new_machine("site", "wrong", start=False)
        file = machine.data / "skerry.toml"
        cases = (("\nexchange.intervall_seconds = 5\n", ":2: ", "exchange.interval_seconds"),
                 ("io_threads = \"many\"\n", ":1: ", "whole number"),
                 ("[log]\nlevel = \"loud\"\n", ":2: ", "log.level"),
                 ("[listen]\naddress = \"here\"\n", ":2: ", "listen.address"),
                 ("[exchange]\nzstd_level = 99\n", ":2: ", "1 to 19"),
                 ("= broken\n", ":1:", "skerry.toml"))
        for text, line, words in cases:
            file.write_text(text, encoding="utf-8")
            refused = machine.run("serve")
            self.assertEqual(refused.code, 78, f"{text!r}: {refused}")
            self.assertIn(str(file) + line, refused.err)
            self.assertIn(words, refused.err)


class WithADaemon(MachineTest):
    def test_every_command_speaks_json(self):
        central, site, medium = self.new_pair()
        customer = central.create("customers", {"name": "Spoken"})
        bundle = self.folder / "out.skb"
        table = self.folder / "table.csv"
        table.write_text("Name\nTabled\n", encoding="utf-8")
        backup = self.folder / "mine.backup"
        key = self.folder / "recovery.agekey"
        recipient = run("backup", "key", key, "--json").document()["recipient"]
        for arguments in (("status",), ("digest",), ("token", "create", "t"), ("token", "list"),
                          ("import", "customers", table, "--dry-run"),
                          ("import", "customers", table), ("site", "list"),
                          ("exchange", medium), ("bundle", "export", "mine", "--out",
                                                 bundle),
                          ("bundle", "inspect", bundle), ("bundle", "verify", bundle),
                          ("audit", "list"), ("audit", "verify"), ("changes",),
                          ("backup", "create", backup, "--recipient", recipient),
                          ("backup", "list"), ("backup", "list", self.folder),
                          ("backup", "verify", backup), ("site", "revoke", "mine")):
            outcome = central.ok(*arguments, "--json")
            self.assertTrue(outcome.out, arguments)
            for line in outcome.out.splitlines():
                json.loads(line)
        self.assertTrue(backup.exists())
        self.assertEqual(customer["name"], "Spoken")
        self.assertIn(central.run("doctor", "--json").code, (0, 10))

    def test_a_second_daemon_is_refused(self):
        central = self.new_machine("central", "vendor")
        second = central.run("serve")
        self.assertEqual(second.code, 75, second)
        central.status()

    def test_sigterm_ends_it_cleanly(self):
        central = self.new_machine("central", "vendor")
        socket = central.data / "skerry.sock"
        self.assertTrue(socket.exists())
        self.assertEqual(central.stop(), 0)
        self.assertFalse(socket.exists())

    def test_central_and_site_commands_are_kept_apart(self):
        central, site, medium = self.new_pair()
        for machine, arguments in ((site, ("site", "invite", "x", "--out", medium)),
                                   (central, ("exchange", "--online"))):
            refused = machine.run(*arguments)
            self.assertEqual(refused.code, 64, refused)

    def test_tokens_open_what_they_say(self):
        central = self.new_machine("central", "vendor")
        made = central.ok("token", "create", "reader", "--json").document()
        central.token = made["token"]
        self.assertEqual(central.http("GET", "/v1/customers").status, 200)
        self.assertEqual(central.http("POST", "/v1/customers", {"name": "x"}).status, 403)
        central.ok("token", "revoke", made["id"])
        self.assertEqual(central.http("GET", "/v1/customers").status, 401)

    def test_an_import_names_every_wrong_row_and_writes_nothing(self):
        central = self.new_machine("central", "vendor")
        table = self.folder / "table.csv"
        table.write_text("Company,Web\nGood,\n,\nAlso good,not an address\n", encoding="utf-8")
        refused = central.run("import", "customers", table, "--map", "name=Company", "--map",
                              "website=Web")
        self.assertEqual(refused.code, 65, refused)
        self.assertIn("row", refused.err)
        self.assertEqual(central.status()["records"]["customer"], 0)
        wrong = central.run("import", "customers", table, "--map", "name")
        self.assertEqual(wrong.code, 64, wrong)


if __name__ == "__main__":
    unittest.main()
