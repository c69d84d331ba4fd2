"""The sandbox: two machines with data by one command, and levers that only a sandbox has."""

import json
import os
import unittest
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from machine import MachineTest, run

HOUR_MS = 3_600_000


def ask(machine, path, body=None):
    """(status, answer) of a sandbox's machine, with its token."""
    with open(machine["token_file"], encoding="utf-8") as file:
        token = file.read().strip()
    request = urllib.request.Request(
        machine["url"] + path, json.dumps(body).encode() if body else None,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


class Sandbox(MachineTest):
    def setUp(self):
        super().setUp()
        self.sandbox = self.folder / "sandbox"
        self.addCleanup(run, "dev", "down", "--sandbox", self.sandbox)

    def dev(self, *arguments):
        """What a command says of both machines: (central, site)."""
        outcome = run("dev", *arguments, "--sandbox", self.sandbox, "--json")
        self.assertEqual(outcome.code, 0, outcome)
        return outcome.document().get("machines")

    def at(self, machine, *arguments):
        return run(*arguments, "--data", machine["data"], "--json")

    def test_a_central_and_a_site_with_data(self):
        central, site = self.dev("up")
        self.assertEqual([central["role"], site["role"]], ["central", "site"])
        for machine in (central, site):
            self.assertTrue(machine["running"])
            self.assertTrue(machine["url"].startswith("http://127.0.0.1:"))
            self.assertEqual(os.stat(machine["token_file"]).st_mode & 0o777, 0o600)
            _, status = ask(machine, "/v1/status")
            for kind in ("customer", "contact", "location", "asset", "product"):
                self.assertGreater(status["records"][kind], 0, (machine["role"], kind))
        digests = [self.at(central, "digest", "--site", "harbour").document()["digest"],
                   self.at(site, "digest").document()["digest"]]
        self.assertEqual(*digests)
        code = (self.sandbox / "activation-code").read_text(encoding="utf-8").strip()
        request = urllib.request.Request(
            site["url"] + "/v1/activations",
            json.dumps({"activation_code": code, "product": "PRESS", "seat_id": "one"}).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": "first"})
        with urllib.request.urlopen(request, timeout=60) as response:
            self.assertEqual(response.status, 201)

        # Stopped and started it is as it was, at the same addresses.
        self.assertIsNone(self.dev("down"))
        self.assertEqual([m["running"] for m in self.dev("status")], [False, False])
        self.assertEqual([(m["url"], m["running"]) for m in self.dev("up")],
                         [(central["url"], True), (site["url"], True)])
        self.assertIsNone(self.dev("down", "--remove"))
        self.assertFalse(self.sandbox.exists())

    def test_the_levers(self):
        central, site = self.dev("up")
        self.clock(central)
        self.peer(site)
        self.disk(central, site)

    def clock(self, central):
        def created_at():
            _, made = ask(central, "/v1/customers", {"name": "When"})
            return datetime.fromisoformat(made["created_at"])

        moved = self.dev("clock", "+2h")
        self.assertEqual([m["clock_moved_ms"] for m in moved], [2 * HOUR_MS] * 2)
        first = created_at()
        ahead = first - datetime.now(timezone.utc)
        self.assertLess(abs(ahead - timedelta(hours=2)), timedelta(minutes=1))
        moved = self.dev("clock", "1d", "--back", "--at", "site")
        self.assertEqual([m["clock_moved_ms"] for m in moved], [2 * HOUR_MS, -22 * HOUR_MS])
        passed = self.dev("clock", "15m", "--running", "--at", "central")
        self.assertEqual([m["passed_ms"] for m in passed], [HOUR_MS // 4, 0])
        self.assertEqual([m["clock_moved_ms"] for m in self.dev("clock", "right")], [0, 0])
        self.assertGreaterEqual(created_at(), first, "the log's clock never goes back")
        for wrong in ("2", "h", "+2x", "1e3s", "99999999999d", "+-2h"):
            refused = run("dev", "clock", wrong, "--sandbox", self.sandbox)
            self.assertEqual(refused.code, 64, refused)

    def peer(self, site):
        self.assertEqual(self.dev("peer", "cut")[1]["peer"], "cut")
        refused = self.at(site, "exchange", "--online")
        self.assertEqual(refused.document()["error"]["code"], "central_unreachable")
        self.assertEqual(self.dev("peer", "join")[1]["peer"], "joined")
        exchanged = self.at(site, "exchange", "--online")
        self.assertIn(exchanged.code, (0, 11), exchanged)

    def disk(self, central, site):
        full = self.dev("disk", "full", "--at", "site")
        self.assertEqual([m["disk"] for m in full], ["good", "full"])
        status, refusal = ask(site, "/v1/customers", {"name": "No room"})
        self.assertEqual((status, refusal["code"]), (507, "storage_full"))
        self.assertEqual(ask(site, "/v1/customers")[0], 200, "it serves on")
        for command in ("status", "doctor"):
            self.assertIn("0 bytes are free", self.at(site, command).out)
        self.assertEqual(ask(central, "/v1/customers", {"name": "Room"})[0], 201)
        full = self.dev("peer", "join")  # the daemon is another one, its disk as before
        self.assertEqual(full[1]["disk"], "full")
        self.assertEqual([m["disk"] for m in self.dev("disk", "good")], ["good", "good"])
        self.assertEqual(ask(site, "/v1/customers", {"name": "Room again"})[0], 201)
        self.assertEqual(self.at(site, "audit", "verify").code, 0)

    def test_without_a_sandbox_they_say_how_to_make_one(self):
        for command in (("status",), ("down",), ("clock", "+2h"), ("peer", "cut"),
                        ("disk", "full")):
            refused = run("dev", *command, "--sandbox", self.sandbox)
            self.assertEqual(refused.code, 1, refused)
            self.assertIn(f"Next: skerry dev up --sandbox {self.sandbox}", refused.err)
        self.assertFalse(self.sandbox.exists())

    def test_what_is_no_sandbox_is_not_touched(self):
        """A folder made to look like one: its databases say that they are none."""
        self.sandbox.mkdir()
        for role in ("central", "site"):
            made = run("init", "--role", role, "--name", "real", "--data", self.sandbox / role)
            self.assertEqual(made.code, 0, made)
        before = {p: p.read_bytes() for p in self.sandbox.rglob("*") if p.is_file()}
        for command in (("up",), ("down",), ("down", "--remove"), ("status",), ("clock", "+2h"),
                        ("peer", "cut"), ("disk", "full")):
            refused = run("dev", *command, "--sandbox", self.sandbox, "--json")
            self.assertNotEqual(refused.code, 0, command)
            self.assertIn(refused.document()["error"]["code"], ("forbidden", "already_exists"))
        self.assertTrue(all(p.read_bytes() == content for p, content in before.items()))

    def test_a_lever_beside_a_real_machine_moves_nothing(self):
        machine = self.new_machine("central", "real", start=False)
        (machine.data / "clock").write_bytes((2 * HOUR_MS).to_bytes(8, "little") + bytes(8))
        machine.start()
        made = machine.create("customers", {"name": "Now"})
        ahead = datetime.fromisoformat(made["created_at"]) - datetime.now(timezone.utc)
        self.assertLess(abs(ahead), timedelta(minutes=1))
        self.assertNotIn("sandbox", machine.log())


if __name__ == "__main__":
    unittest.main()
