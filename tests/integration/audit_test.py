"""The log for an auditor: who, when, why; an export that proves itself without the program."""

import base64
import hashlib
import json
import shutil
import subprocess
import unittest

from machine import MachineTest, run

ZERO = "00" * 32


def check_export(test, file, key_out):
    """The format as documented, checked with nothing but a hash function, jq's job and openssl."""
    lines = file.read_bytes().split(b"\n")
    test.assertEqual(lines.pop(), b"")
    check = bytes(32)
    ends = {}
    for line in lines[:-2]:
        body, _, seal = line.rpartition(b',"check":"')
        check = hashlib.sha256(check + body + b"}").digest()
        test.assertEqual(seal, check.hex()[:16].encode() + b'"}')
        row = json.loads(line)
        if row["k"] == "head":
            test.assertTrue(row["whole"])
            continue
        seq, end = ends.get(row["log"], (0, ZERO))
        test.assertEqual((row["seq"], row["prev"]), (seq + 1, end))
        value = hashlib.sha256(bytes.fromhex(row["prev"]) + row["line"].encode()).hexdigest()
        test.assertEqual(value, row["hash"])
        ends[row["log"]] = (row["seq"], row["hash"])
    end = json.loads(lines[-2])
    test.assertEqual(end["check"], check.hex())
    test.assertEqual({head["log"]: (head["seq"], head["hash"]) for head in end["heads"]}, ends)
    signature = json.loads(lines[-1])
    key_out.write_text(signature["key"], encoding="ascii")
    (key_out.parent / "end").write_bytes(lines[-2])
    (key_out.parent / "sig").write_bytes(bytes.fromhex(signature["sig"]))
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key_out,
                           "-in", key_out.parent / "end", "-sigfile", key_out.parent / "sig"],
                          capture_output=True, text=True, check=False)
    test.assertEqual(done.returncode, 0, done.stderr)
    return end["rows"]


class Audit(MachineTest):
    def test_sources_and_actors_of_every_way(self):
        central, site, medium = self.new_pair()
        table = self.folder / "customers.csv"
        table.write_text("Name\nFrom a file\n", encoding="utf-8")
        site.ok("import", "customers", table, "--reason", "the first list")
        made = site.create("customers", {"name": "By a token"})
        self.exchange(central, site, medium)
        central.edit("customers", made["id"], {"name": "Edited at central"})
        self.exchange(central, site, medium)

        rows = [row for row in site.ok("audit", "list", "--json").lines()
                if row["op"] != "event"]  # that the token was made
        self.assertEqual([row["source"] for row in rows], ["sync", "api", "import"])
        self.assertEqual(rows[0]["actor"], "central")
        self.assertRegex(rows[1]["actor"], "^token:test ")
        self.assertEqual(rows[2]["reason"], "the first list")
        for row in rows:
            for member in ("happened_at", "recorded_at", "actor", "source", "request", "label"):
                self.assertTrue(row[member], (member, row))
        brought = central.ok("audit", "list", "--source", "sync", "--site", "mine",
                             "--json").lines()
        brought = [row for row in brought if row["op"] != "event"]
        self.assertEqual([row["source"] for row in brought], ["api", "import"])
        self.assertEqual(brought[1]["reason"], "the first list")

    def test_a_decision_of_the_command_line(self):
        central, site, medium = self.new_pair()
        made = site.create("customers", {"name": "One"})
        self.exchange(central, site, medium)
        central.edit("customers", made["id"], {"name": "Central's"})
        site.edit("customers", made["id"], {"name": "The site's"})
        self.exchange(central, site, medium)
        conflict = central.ok("conflict", "list", "--json").lines()[0]
        central.ok("conflict", "resolve", conflict["id"], "--choose", "loser", "--reason", "asked")
        row = central.ok("audit", "list", "--json").lines()[0]
        self.assertEqual((row["source"], row["reason"]), ("cli", "asked"))
        self.assertTrue(row["actor"].startswith("uid:"))
        self.assertTrue(row["actor_name"])

    def test_an_export_alone(self):
        central = self.new_machine("central", "vendor")
        for number in range(30):
            central.create("customers", {"name": f"Customer {number}"})
        record = central.create("customers", {"name": "Ünicode, \"quoted\""})
        central.edit("customers", record["id"], {"name": "Plain"})
        central.ok("audit", "verify")
        export = self.folder / "audit.ndjson"
        central.ok("audit", "export", "--out", export)
        self.assertEqual(central.run("audit", "export", "--out", export).code, 1)  # is there
        piped = central.ok("audit", "export", "--kind", "customer", "--search", "plain")
        self.assertIn("Plain", piped.out)
        central.stop()

        self.assertEqual(check_export(self, export, self.folder / "key.pem"), 33)
        central.ok("audit", "verify", export)
        elsewhere = ("audit", "verify", export, "--data", self.folder / "nowhere")
        self.assertEqual(run(*elsewhere).code, 10)  # whole, but whose key is it?
        self.assertEqual(run(*elsewhere, "--key", self.folder / "key.pem").code, 0)
        said = "".join((self.folder / "key.pem").read_text(encoding="ascii").splitlines()[1:-1])
        raw = base64.b64decode(said)[-32:]  # as sign_key of skerry status has it
        text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        self.assertEqual(run(*elsewhere, "--key", text).code, 0)
        other = self.new_machine("central", "other", start=False)
        foreign = run(*elsewhere, "--key", other.data / "keys" / "sign.pub.pem")
        self.assertIn(foreign.code, (12, 65), foreign)

        lines = export.read_bytes().splitlines(keepends=True)
        damages = {
            "line 4": lines[:3] + [lines[3].replace(b"Customer", b"Kustomer")] + lines[4:],
            "line 5": lines[:4] + lines[5:],
            "line 7": lines[:5] + [lines[6], lines[5]] + lines[7:],
            "line 10": lines[:9] + [lines[3]] + lines[9:],
            "behind line 12": lines[:12],
            "line 37": lines + [lines[3]],
            "line 36": lines[:-1] + [lines[-1][:-20]],
        }
        for place, damaged in damages.items():
            damaged_file = self.folder / "damaged.ndjson"
            damaged_file.write_bytes(b"".join(damaged))
            outcome = central.run("audit", "verify", damaged_file)
            self.assertEqual(outcome.code, 12, (place, outcome))
            if place == "line 7":
                place = "line 6"  # two lines exchanged: the first of them is out of place
            self.assertIn(place, outcome.err)
            self.assertIn("Next: ", outcome.err)

    def test_a_changed_database(self):
        central = self.new_machine("central", "vendor")
        for number in range(3):
            central.create("customers", {"name": f"Customer {number}"})
        central.edit("customers", central.http("GET", "/v1/customers").json()["items"][0]["id"],
                     {"description": "its line says no name"})
        central.stop()
        shutil.copy(central.data / "skerry.db", self.folder / "sound.db")
        for statement, place in (
                ("UPDATE change_log SET line=replace(line,'Customer 1','Customer 7')", "row 3"),
                ("UPDATE change_log SET record=zeroblob(16) WHERE n=3", "row 3"),
                ("UPDATE change_log SET label='Customer 7' WHERE n=5", "row 5"),
                ("UPDATE change_log SET place=record WHERE n=5", "row 5"),
                ("DELETE FROM change_log WHERE n=1", "row 2")):
            shutil.copy(self.folder / "sound.db", central.data / "skerry.db")
            edited = subprocess.run(["sqlite3", central.data / "skerry.db", statement],
                                    capture_output=True, text=True, check=False)
            self.assertIn("change log", edited.stderr)  # the database itself refuses
            subprocess.run(["sqlite3", central.data / "skerry.db",
                            "DROP TRIGGER change_log_is_not_edited;"
                            f"DROP TRIGGER change_log_is_kept;{statement}"], check=True)
            central.start()
            outcome = central.run("audit", "verify")
            self.assertEqual(outcome.code, 12, outcome)
            self.assertIn(place, outcome.err)
            self.assertIn("restore a backup", outcome.err)
            central.stop()

    def test_a_log_that_ends_early(self):
        """What is left proves itself; that more was there, the anchor knows."""
        central = self.new_machine("central", "vendor")
        for number in range(3):
            central.create("customers", {"name": f"Customer {number}"})
        central.stop()
        subprocess.run(["sqlite3", central.data / "skerry.db",
                        "DROP TRIGGER change_log_is_kept;DELETE FROM change_log WHERE n=4"],
                       check=True)
        central.start()
        status = central.status()
        self.assertEqual(status["renewed"]["why"], "behind_anchor")
        self.assertEqual([(r["first"], r["last"]) for r in status["lost_ranges"]], [(4, 4)])


if __name__ == "__main__":
    unittest.main()
