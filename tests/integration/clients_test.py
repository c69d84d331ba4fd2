"""The clients of clients/, each as its command, against a machine behind a network that loses."""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from losing_proxy import LosingProxy
from machine import COMMAND_SECONDS, Machine
from seats_world import LEASE_SECONDS, sell

ROOT = Path(__file__).resolve().parents[2]
REFUSED, WRONG_USE, UNREACHABLE, NO_LEASE, NO_STATE = 1, 2, 3, 4, 5
PYTHON = [sys.executable, "-B", "-m", "skerry_seat"]
CPP = [os.environ.get("SEAT_COMMAND", "seat_command")]
ATTEMPTS = 4  # of a client, before it gives up


class World(unittest.TestCase):
    command = None  # of the client under test

    @classmethod
    def setUpClass(cls):
        if cls.command is None:
            raise unittest.SkipTest("what both clients have in common")

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skerry-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.machine = Machine(self.folder / "central", "central", "vendor").start()
        self.addCleanup(lambda: self.machine.process and self.machine.kill())
        self.code, self.entitlement = sell(self.machine)
        self.proxy = LosingProxy(lambda: self.machine.address)
        self.addCleanup(self.proxy.close)
        self.key = self.machine.data / "keys" / "sign.pub.pem"

    def environment(self, seat, server=None):
        return {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python"),
                "SKERRY_SERVER": server or f"http://{self.proxy.address}",
                "SKERRY_STATE": str(self.folder / seat), "SKERRY_TRUSTED_KEY": str(self.key)}

    def act(self, *said, seat="seat-1", exit_code=0, command=None, server=None):
        """One run of the client. Gives what it printed."""
        done = subprocess.run([*(command or self.command), *map(str, said)], text=True,
                              env=self.environment(seat, server), capture_output=True, check=False,
                              timeout=COMMAND_SECONDS)
        self.assertEqual(done.returncode, exit_code, f"{said}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout else done.stderr

    def activate(self, seat="seat-1", **options):
        return self.act("activate", self.code, "PRESS", seat, seat=seat, **options)

    def state(self, seat="seat-1"):
        return json.loads((self.folder / seat).read_text(encoding="utf-8"))

    def rewrite(self, change):
        state = self.state()
        change(state["seat"])
        (self.folder / "seat-1").write_text(json.dumps(state), encoding="utf-8")

    def pool(self):
        return self.machine.http("GET", f"/v1/seat-pools/{self.entitlement}").json()

    def held(self):
        return [seat["held"] for seat in self.pool()["seats"]]


class ClientTest(World):
    def test_from_the_first_call_to_the_last(self):
        made = self.activate()
        self.assertIn(made["seconds_left"], range(LEASE_SECONDS - 5, LEASE_SECONDS + 1))
        self.assertEqual(made["claims"]["seat_id"], "seat-1")
        self.assertEqual((self.folder / "seat-1").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.act("checkout", "cores", 5)["left"], 3)
        self.assertEqual(self.act("return", "cores", 2)["held"], 3)
        self.assertEqual(self.act("use", "prints", 40)["left"], 60)
        self.assertEqual(self.act("refresh")["held"], {"cores": 3})
        self.assertEqual(self.held(), [{"cores": 3}])
        self.act("release")
        self.assertEqual(self.pool()["in_use"], 0)
        self.act("lease", exit_code=NO_STATE)
        self.act("release")  # nothing to give back
        self.activate()

    def test_a_token_takes_a_seat_of_its_customer(self):
        customer = self.machine.http("GET", "/v1/customers").json()["items"][0]["id"]
        token = self.machine.ok("token", "create", "press", "--access", "seats", "--customer",
                                customer).out.strip()
        self.proxy.replies_to_lose = 1
        self.act("activate", f"{token}\n", "PRESS", "seat-1")  # as a file ends
        self.assertNotIn(token, json.dumps(self.state()))
        self.act("use", "prints", 1)
        self.assertEqual((self.pool()["in_use"], self.pool()["clones"]), (1, 0))

    def test_a_token_that_none_can_be_leaves_nothing_pending(self):
        for token in ("skry_api_a\nb", "skry_api_\u00e9"):
            self.act("activate", token, "PRESS", "seat-1", exit_code=WRONG_USE)
        self.activate()

    def test_the_lease_holds_without_the_machine(self):
        self.activate()
        self.machine.stop()
        self.assertIn("cores", self.act("lease")["claims"]["features"])
        self.act("refresh", exit_code=UNREACHABLE)
        self.assertTrue(self.act("lease")["claims"])
        self.machine.start()
        self.assertEqual(self.act("settle"), {"settled": True})

    def test_a_lease_that_is_not_ours_or_is_over_is_none(self):
        self.activate()
        token = self.state()["seat"]["token"]
        head, claims, signature = token.split(".")
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        said["features"]["cores"]["amount"] = 800
        forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
        for member, value in (("token", f"{head}.{forged}.{signature}"), ("token", "a.b.c"),
                              ("product", "OTHER"), ("seat_id", "seat-2"),
                              ("received_at", self.state()["seat"]["received_at"] - 601)):
            before = self.state()["seat"][member]
            self.rewrite(lambda seat, at=member, to=value: seat.update({at: to}))
            self.act("lease", exit_code=NO_LEASE)
            self.rewrite(lambda seat, at=member, to=before: seat.update({at: to}))
        self.act("lease")
        other = Machine(self.folder / "other", "central", "other")
        self.key = other.data / "keys" / "sign.pub.pem"
        self.act("lease", exit_code=NO_LEASE)

    def test_a_refusal_says_why(self):
        for seat in ("seat-1", "seat-2"):
            self.activate(seat)
        problem = self.activate("seat-3", exit_code=REFUSED)
        self.assertEqual((problem["code"], problem["in_use"]), ("seats_exhausted", 2))
        problem = self.act("checkout", "cores", 9, exit_code=REFUSED)
        self.assertEqual((problem["code"], problem["left"]), ("feature_exhausted", 8))
        self.assertEqual(self.act("checkout", "nothing", 1, exit_code=REFUSED)["code"], "not_found")
        self.act("refresh")  # it left nothing
        self.act("lease", seat="seat-3", exit_code=NO_STATE)
        self.act("nonsense", exit_code=WRONG_USE)

    def test_what_is_lost_once_is_asked_for_again(self):
        for turn, losing in enumerate(("replies_to_lose", "requests_to_lose"), 1):
            with self.subTest(losing):
                for said in (("activate", self.code, "PRESS", "seat-1"), ("refresh",),
                             ("checkout", "cores", 5), ("return", "cores", 2),
                             ("use", "prints", 10), ("refresh",)):
                    setattr(self.proxy, losing, 1)
                    self.act(*said)
                    self.assertEqual(getattr(self.proxy, losing), 0)
                self.assertEqual(self.held(), [{"cores": 3}])
                self.assertEqual(self.act("use", "prints", 1)["in_use"], turn * 11)
                setattr(self.proxy, losing, 1)
                self.act("release")
                self.assertEqual((self.pool()["in_use"], self.pool()["clones"]), (0, 0))

    def test_a_call_without_any_answer_counts_once(self):
        """Each process gives up; the next one goes on with its call."""
        self.proxy.replies_to_lose = ATTEMPTS
        self.activate(exit_code=UNREACHABLE)
        self.assertEqual(self.pool()["in_use"], 1)
        self.assertEqual(self.activate()["held"], {})
        self.proxy.replies_to_lose = ATTEMPTS
        self.act("checkout", "cores", 5, exit_code=UNREACHABLE)
        self.assertEqual(self.act("lease")["held"], {})
        self.assertEqual(self.act("settle"), {"settled": True})
        self.assertEqual(self.act("lease")["held"], {"cores": 5})
        self.proxy.replies_to_lose = ATTEMPTS
        self.act("use", "prints", 10, exit_code=UNREACHABLE)
        self.assertEqual(self.act("use", "prints", 10)["in_use"], 20)
        self.proxy.replies_to_lose = ATTEMPTS
        self.act("release", exit_code=UNREACHABLE)
        self.assertEqual(self.act("settle"), {"settled": True})
        self.act("lease", exit_code=NO_STATE)
        self.assertEqual((self.pool()["in_use"], self.pool()["clones"]), (0, 0))

    def test_an_application_that_is_killed_goes_on(self):
        self.activate()
        self.proxy.held = threading.Event()
        self.proxy.passed = threading.Semaphore(0)
        process = subprocess.Popen([*self.command, "checkout", "cores", "5"],
                                   env=self.environment("seat-1"))
        self.assertTrue(self.proxy.passed.acquire(timeout=COMMAND_SECONDS))
        process.kill()  # the machine has counted it; its answer never arrives
        process.wait()
        self.proxy.held.set()
        self.proxy.held = None
        self.assertEqual(self.act("refresh")["held"], {"cores": 5})
        self.assertEqual((self.held(), self.pool()["clones"]), ([{"cores": 5}], 0))

    def test_a_machine_that_is_killed_goes_on(self):
        self.activate()
        for said in (("checkout", "cores", 5), ("refresh",)):
            self.proxy.replies_to_lose = ATTEMPTS
            self.act(*said, exit_code=UNREACHABLE)
            self.machine.kill()
            self.machine.start()
            self.assertEqual(self.act("settle"), {"settled": True})
        self.assertEqual(self.act("lease")["held"], {"cores": 5})
        self.assertEqual((self.held(), self.pool()["clones"]), ([{"cores": 5}], 0))

    def test_a_seat_that_was_taken_away_is_taken_anew(self):
        self.activate()
        seat = self.state()["seat"]["id"]
        gone = self.machine.http("DELETE", f"/v1/activations/{seat}", None,
                                 {"Skerry-Reason": "a test"})
        self.assertEqual(gone.status, 204, gone)
        self.assertEqual(self.act("refresh", exit_code=REFUSED)["code"], "no_seat")
        self.act("lease")  # what it said last holds until it ends
        self.activate()
        self.assertNotEqual(self.state()["seat"]["id"], seat)

    def test_a_wrong_address_costs_no_seat(self):
        self.activate()
        seat = self.state()["seat"]["id"]
        other = Machine(self.folder / "other", "central", "other").start()
        self.addCleanup(other.kill)
        for server, code in ((f"http://{self.machine.address}/x", "not_found"),
                             (f"http://{other.address}", "no_seat")):
            self.assertEqual(self.act("refresh", server=server, exit_code=REFUSED)["code"], code)
            self.act("activate", self.code, "PRESS", "seat-1", server=server, exit_code=REFUSED)
            self.act("lease")
        self.act("release", server=f"http://{self.machine.address}/x", exit_code=REFUSED)
        self.assertEqual(self.act("refresh", server=f"http://{self.machine.address}/")["held"], {})
        self.assertEqual(self.state()["seat"]["id"], seat)
        for server in (self.machine.address, f"ftp://{self.machine.address}", "http://"):
            self.act("refresh", server=server, exit_code=WRONG_USE)

    def test_what_is_no_answer_of_the_machine_is_none(self):
        """Of a proxy in between, or of a program that is something else."""
        self.activate()
        replies = [(200, b"{}"), (200, b"[]"), (200, b""), (200, b"<html>"), (204, b""),
                   (200, b'{"nonce":"9.x","token":"a.b.c"}'), (302, b""), (403, b""),
                   (404, b""), (404, b"{}"), (404, b"<h1>"), (401, b'{"code":5,"detail":7}'),
                   (200, b"[" * 50_000)]
        for said, mangled in ((("refresh",), replies), (("use", "prints", 1), replies[:1]),
                              (("release",), ((200, b"{}"), (404, b""), (404, b"{}")))):
            for reply in mangled:
                with self.subTest(f"{said[0]} {reply[0]} {reply[1][:40]}"):
                    self.proxy.other_replies = [reply] * ATTEMPTS
                    self.act(*said, exit_code=UNREACHABLE)
                    self.assertTrue(self.state()["pending"])
                    self.act("lease")
                    self.assertEqual(self.act("settle"), {"settled": True})
                    self.activate()
        self.assertEqual(self.pool()["clones"], 0)

    def test_a_state_that_is_damaged_or_cannot_be_opened_is_said(self):
        self.activate()
        good = self.state()
        for seat in ({}, "x", {**good["seat"], "token": None}, {**good["seat"], "held": None},
                     {**good["seat"], "received_at": "x"}):
            text = json.dumps({**good, "seat": seat})
            (self.folder / "seat-1").write_text(text, encoding="utf-8")
            self.act("lease", exit_code=NO_STATE)
            self.activate(exit_code=NO_STATE)
        for pending in ({}, {"method": "POST", "path": "/", "headers": {"a": 1}, "body": None}):
            text = json.dumps({**good, "pending": pending})
            (self.folder / "seat-1").write_text(text, encoding="utf-8")
            self.act("settle", exit_code=NO_STATE)
        (self.folder / "seat-1").write_bytes(b"\x00\xff")
        self.act("lease", exit_code=NO_STATE)
        (self.folder / "folder").mkdir()
        for seat in ("folder", "none/seat", "n" * 254):
            self.act("activate", self.code, "PRESS", "x", seat=seat, exit_code=NO_STATE)

    def test_the_command_reads_its_words_strictly(self):
        self.activate()
        for amount in ("2x", "1.5", "1e1", "", " 3", "9" * 20, "0x1", "+1", "\u0661"):
            self.act("checkout", "cores", amount, exit_code=WRONG_USE)
        for said in ((), ("lease", "x"), ("activate", "x"), ("checkout", "cores")):
            self.act(*said, exit_code=WRONG_USE)
        self.assertEqual(self.act("checkout", "cores", -1, exit_code=REFUSED)["code"],
                         "validation_failed")
        self.assertEqual(self.act("checkout", "cores", 2)["held"], 2)

    def test_a_copy_of_the_state_is_a_clone(self):
        self.activate()
        (self.folder / "seat-2").write_bytes((self.folder / "seat-1").read_bytes())
        self.act("refresh")
        problem = self.act("refresh", seat="seat-2", exit_code=REFUSED)
        self.assertEqual(problem["code"], "seat_cloned")
        self.act("refresh")
        self.assertEqual(self.pool()["clones"], 1)

    def test_a_state_file_is_for_one_process_and_for_one_seat(self):
        self.activate()
        self.proxy.held = threading.Event()
        self.proxy.passed = threading.Semaphore(0)
        first = subprocess.Popen([*self.command, "refresh"], env=self.environment("seat-1"))
        self.assertTrue(self.proxy.passed.acquire(timeout=COMMAND_SECONDS))
        self.act("lease", exit_code=NO_STATE)
        first.kill()
        first.wait()
        self.proxy.held.set()
        self.proxy.held = None
        self.act("activate", self.code, "PRESS", "another", exit_code=NO_STATE)
        (self.folder / "seat-1").write_text("{}", encoding="utf-8")
        self.act("lease", exit_code=NO_STATE)

    def test_a_borrowed_seat(self):
        self.activate()
        tomorrow, far = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
                         for seconds in (86_400, 900 * 86_400))
        self.proxy.replies_to_lose = 1
        made = self.act("borrow", tomorrow)
        self.assertTrue(made["claims"]["borrowed"])
        self.assertGreater(made["seconds_left"], 85_000)
        self.assertEqual(self.act("borrow", far, exit_code=REFUSED)["code"], "validation_failed")
        self.assertGreater(self.act("lease")["seconds_left"], 85_000)


class PythonTest(ClientTest):
    command = PYTHON


class CppTest(ClientTest):
    command = CPP


class BothTest(World):
    command = PYTHON

    def test_one_client_goes_on_where_the_other_was(self):
        self.activate()
        self.proxy.replies_to_lose = ATTEMPTS
        self.act("checkout", "cores", 3, exit_code=UNREACHABLE)
        self.assertEqual(self.act("refresh", command=CPP)["held"], {"cores": 3})
        self.proxy.replies_to_lose = ATTEMPTS
        self.act("return", "cores", 1, exit_code=UNREACHABLE, command=CPP)
        self.assertEqual(self.act("refresh")["held"], {"cores": 2})
        self.assertEqual(self.pool()["clones"], 0)


if __name__ == "__main__":
    unittest.main()
