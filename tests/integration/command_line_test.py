"""Exit codes, --json everywhere, configuration, init: what a script can rely on."""

import json
import os
import stat
import subprocess
import unittest

from machine import SKERRY, MachineTest, run, wait_until


class WithoutADaemon(MachineTest):
    def test_usage_errors_exit_64(self):
        for arguments in ((), ("nonsense",), ("status", "--nonsense"), ("token",),
                          ("init", "--role", "king", "--name", "x"), ("explain", "nonsense"),
                          ("token", "create", "x", "--access", "all")):
            refused = run(*arguments)
            self.assertEqual(refused.code, 64, f"{arguments}: {refused}")
            self.assertIn("Next: ", refused.err)
            self.assertEqual(refused.out, "")

    def test_an_empty_name_does_not_mean_all(self):
        for command in (("site", "show", ""), ("bundle", "export", ""), ("backup", "list", ""),
                        ("init", "--role", "site", "--name", "x", "--dry-run", "--data", "")):
            refused = run(*command)
            self.assertEqual(refused.code, 64, command)
            self.assertIn("must not be empty", refused.err)

    def test_a_configuration_that_may_not_be_looked_for_is_not_absent(self):
        shut = self.folder / "shut"
        shut.mkdir(mode=0)
        stranger = {"user": 65534} if os.geteuid() == 0 else {}
        for verb in ("show", "check"):
            done = subprocess.run([SKERRY, "config", verb, "--data", shut], capture_output=True,
                                  text=True, check=False, **stranger)
            self.assertEqual(done.returncode, 77, done.stderr)
            self.assertIn("Next: run this as root", done.stderr)
        done = subprocess.run([SKERRY, "support", "bundle", "--dry-run", "--data", shut],
                              capture_output=True, text=True, check=False, **stranger)
        self.assertIn("may not read", done.stderr)

    def test_what_is_missing_is_named(self):
        self.assertIn("there is no command 'ad'", run("relay", "ad", "file").err)
        self.assertIn("--file is required", run("relay", "add", "file").err)
        nowhere = run("init", "--role", "site", "--name", "x", "--data", self.folder / "a" / "b")
        self.assertEqual(nowhere.code, 74, nowhere)
        self.assertIn("make the folder above it", nowhere.err)

    def test_a_result_that_is_lost_is_no_success(self):
        with open("/dev/full", "wb") as full:
            for command in (("man",), ("explain", "busy"), ("explain", "busy", "--json")):
                done = subprocess.run([SKERRY, *command], stdout=full, stderr=subprocess.PIPE,
                                      text=True, check=False)
                self.assertEqual(done.returncode, 74, command)
                self.assertIn("the result could not be written", done.stderr)

    def test_streams_that_are_closed_are_no_files(self):
        site = self.new_machine("site", "mine", start=False)
        shut = f'exec "{SKERRY}" serve --data "{site.data}" <&- >&- 2>&-'
        daemon = subprocess.Popen(["sh", "-c", shut])
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        wait_until(lambda: site.run("status").code != 69)
        for stream in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{daemon.pid}/fd/{stream}"), "/dev/null")

    def test_errors_are_objects_with_json(self):
        for arguments in (("nonsense",), ("status", "--data", self.folder)):
            refused = run(*arguments, "--json")
            self.assertEqual(refused.document()["error"]["exit"], refused.code)

    def test_what_needs_no_configuration_runs_with_a_wrong_one(self):
        for command in (("explain", "bad_config"), ("version",), ("man",), ("completion", "bash"),
                        ("backup", "key", self.folder / "k", "--dry-run")):
            done = run(*command, "--config", self.folder / "nowhere")
            self.assertEqual(done.code, 0, done)

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


# What shows something, though it be into a file of `--out`; and a sandbox, which is there to try.
WITHOUT_DRY_RUN = """
    serve status doctor digest changes export explain version man completion
    audit-list audit-export audit-verify backup-list backup-verify backup-schedule
    bundle-inspect bundle-verify cert-show config-show config-check
    conflict-list conflict-show conflict-rule-list lost-list mapping-list mapping-show offline-qr
    relay-list session-list site-list site-show site-copies token-list trust-show user-list
    usage-report usage-outgoing dev-up dev-down dev-status dev-clock dev-peer dev-disk
"""


class DryRuns(MachineTest):
    def test_every_command_that_changes_something_has_one(self):
        commands = run("man").out.split("\n.SH COMMANDS")[1].split("\n.SH ")[0]
        sections = commands.split("\n.SS skerry ")[1:]
        without = {section.splitlines()[0].replace("\\", "").replace(" ", "-")
                   for section in sections if r"\-\-dry\-run" not in section}
        self.assertEqual(without, set(WITHOUT_DRY_RUN.split()))

    def tree(self):
        """Every file and folder but SQLite's own, with what is in it."""
        return {path: path.read_bytes() if path.is_file() and path.name != "log" else None
                for path in self.folder.rglob("*")
                if not path.name.startswith("skerry.db") and path.name != "lock"
                and not path.is_socket()}

    def tried(self, words, outcome):
        self.assertEqual(outcome.code, 0, outcome)
        self.assertIn(words, outcome.out)
        self.assertIn("nothing is written", outcome.err)

    def test_files_that_are_only_tried_are_not_made(self):
        new, key = self.folder / "new", self.folder / "a.pem"
        init = ("init", "--role", "site", "--name", "x", "--data", new)
        self.tried("would be initialised", run(*init, "--dry-run"))
        self.tried("would be written", run("backup", "key", key, "--dry-run"))
        self.tried("would be written", run("trust", "key", key, "--dry-run"))
        self.assertEqual(self.tree(), {})
        key.write_text("", encoding="utf-8")
        new.mkdir(mode=0o777)
        new.chmod(0o777)
        deep = self.folder / "a" / "b"
        for command in (init, ("backup", "key", key), ("trust", "key", key),
                        ("backup", "key", deep / "key"), (*init[:-1], deep),
                        ("init", "--role", "site", "--name", "", "--data", deep)):
            tried, refused = run(*command, "--dry-run"), run(*command)
            self.assertNotEqual(tried.code, 0, command)
            self.assertEqual(tried.code, refused.code, command)

    def test_a_stopped_machine_stays_as_it_is(self):
        central = self.new_machine("central", "vendor")
        central.create("customers", {"name": "Kept"})
        key = self.folder / "recovery.agekey"
        recipient = run("backup", "key", key, "--json").document()["recipient"]
        digest = central.digest()
        self.tried("would be backed up", central.run("backup", "create", "--recipient", recipient,
                                                     "--dry-run"))
        self.assertFalse((central.data / "backups").exists())
        central.stop()
        before = self.tree()
        safe, draft = self.folder / "safe", self.folder / "safe" / "trust-1.json"
        self.tried("would be written", central.run("trust", "init", safe, "--dry-run"))
        self.tried("would be backed up", central.run("backup", "create", "--recipient", recipient,
                                                     "--dry-run"))
        refused = central.run("backup", "create", key, "--recipient", recipient, "--dry-run")
        self.assertEqual(refused.code, 1, refused)
        refused = central.run("backup", "reapply", key, "--dry-run")
        self.assertEqual(refused.code, 65, refused)
        self.assertIn(f"{key}: ", refused.err, "which file")
        self.assertEqual(self.tree(), before)
        central.ok("trust", "init", safe)
        for holder in (1, 2):
            sign = ("trust", "sign", draft, "--key", safe / f"root-{holder}.pem")
            before = self.tree()
            self.tried("would be written", run(*sign, "--dry-run"))
            self.assertEqual(self.tree(), before)
            early = central.run("trust", "adopt", draft, "--dry-run")
            self.assertNotEqual(early.code, 0, early)
            self.assertEqual(run(*sign).code, 0)
        self.tried("would be in force", central.run("trust", "adopt", draft, "--dry-run"))
        central.start()
        self.assertEqual(central.ok("trust", "show", "--json").document()["generation"], 0)
        self.assertEqual(central.digest(), digest)
        central.stop()
        central.ok("trust", "adopt", draft)
        before, new = self.tree(), self.folder / "trust-2.json"
        self.tried("would be written", central.run("trust", "rotate", new, "--central-keys",
                                                   "--dry-run"))
        self.assertEqual(self.tree(), before)

    def test_holders_see_what_they_sign(self):
        central = self.new_machine("central", "vendor", start=False)
        safe, draft = self.folder / "safe", self.folder / "trust-2.json"
        central.ok("trust", "init", safe)
        for holder in (1, 2):
            signed = run("trust", "sign", safe / "trust-1.json", "--key",
                         safe / f"root-{holder}.pem")
            self.assertEqual(signed.code, 0, signed)
        first = central.ok("trust", "adopt", safe / "trust-1.json", "--json").document()
        central.ok("trust", "rotate", draft, "--central-keys")
        sign = ("trust", "sign", draft, "--key", safe / "root-1.pem")
        second = run(*sign, "--dry-run", "--json").document()
        (key,), (reader,) = second["sign_keys"], second["recipients"]
        self.assertEqual(second["changes"]["since"], 1)
        self.assertEqual(second["changes"]["added"]["sign_keys"], [key])
        self.assertEqual(second["changes"]["removed"]["sign_keys"], first["sign_keys"])
        shown = run("trust", "show", draft).out
        for line in (f"signs     with {key}", f"reads     as {reader}",
                     f"new       signing key {key}", f"new       recipient {reader}",
                     f"gone      signing key {first['sign_keys'][0]}"):
            self.assertIn(f"  {line}\n", shown)
        file = json.loads(draft.read_text(encoding="utf-8"))
        file["generations"][0]["signatures"] = {}  # what is new would be told by anybody's word
        draft.write_text(json.dumps(file), encoding="utf-8")
        for refused in (run("trust", "show", draft), run(*sign)):
            self.assertEqual(refused.code, 12, refused)

    def test_enrolment_is_tried_step_by_step(self):
        central, site = self.new_machine("central", "vendor"), self.new_machine("site", "mine")
        for machine in (central, site):
            self.assertEqual(machine.http("GET", "/v1/inbox").json()["items"], [])
        medium = self.new_medium()
        invite = ("site", "invite", "mine", "--out", medium)
        before = self.tree()
        self.tried("would be invited", central.run(*invite, "--dry-run"))
        shown = central.ok(*invite, "--dry-run", "--json").document()
        self.assertEqual((shown["site"]["name"], shown["site"]["status"]), ("mine", "invited"))
        self.assertEqual(site.run(*invite, "--dry-run").code, 64)
        self.assertEqual(central.ok("site", "list", "--json").out, "")
        self.assertEqual(self.tree(), before)
        central.ok(*invite)
        before = self.tree()
        self.tried("would answer as site \"mine\"", site.run("enrol", medium, "--dry-run"))
        self.assertEqual(site.http("GET", "/v1/inbox").json()["items"], [])
        self.assertEqual(self.tree(), before)
        answer = site.ok("enrol", medium, "--json").document()
        before = self.tree()
        admit = ("site", "admit", medium)
        self.tried("would be admitted", central.run(*admit, "--dry-run"))
        wrong = central.run(*admit, "--fingerprint", "abacus", "--dry-run")
        self.assertEqual(wrong.code, 12, wrong)
        shown = central.ok("site", "show", "mine", "--json").document()
        self.assertEqual(shown["status"], "invited")
        self.assertEqual(central.http("GET", "/v1/inbox").json()["items"], [])
        self.assertEqual(self.tree(), before)
        central.ok(*admit, "--fingerprint", answer["fingerprint"])
        site.ok("exchange", medium)
        key = site.status()["sign_key"]
        site.stop()
        before = self.tree()
        self.tried("would sign with a new key", site.run("trust", "rotate", "--dry-run"))
        self.assertEqual(self.tree(), before)
        site.start()
        self.assertEqual(site.status()["sign_key"], key)


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
