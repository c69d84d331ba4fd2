"""`skerry offline`: what goes wrong at a machine that sees no daemon, and what it believes."""

import hashlib
import json
import shutil
import subprocess
import unittest

from machine import COMMAND_SECONDS, Machine, MachineTest, run
from seats_world import sell

FAILED, TRUST, USAGE, BAD_INPUT = 1, 12, 64, 65


class OfflineTest(MachineTest):
    def setUp(self):
        super().setUp()
        self.central = self.new_machine("central", "vendor")
        self.key = self.central.data / "keys" / "sign.pub.pem"
        code, _ = sell(self.central)
        (self.folder / "code").write_text(code, encoding="utf-8")
        self.seat, self.answer = self.folder / "seat", self.folder / "answer"

    def offline(self, act, file, *options, exit_code=0):
        done = run("offline", act, self.seat, self.folder / file, *options)
        self.assertEqual(done.code, exit_code, done)
        return done

    def ask(self, file, *options, exit_code=0):
        return self.offline("request", file, "--code", self.folder / "code", "--product", "PRESS",
                            "--seat-id", "away", *options, exit_code=exit_code)

    def submit(self, file, place="/v1/offline-activations"):
        answer = self.central.http("POST", place, (self.folder / file).read_text(encoding="utf-8"))
        self.assertLess(answer.status, 300, answer)
        self.answer.write_bytes(answer.body)
        return answer.json()

    def take(self, *options, exit_code=0):
        return self.offline("answer", "answer", *options, exit_code=exit_code)

    def test_an_empty_code_makes_no_request(self):
        (self.folder / "code").write_text("\n", encoding="utf-8")
        self.assertIn("no activation code", self.ask("1.json", exit_code=BAD_INPUT).err)
        self.assertFalse(self.seat.exists() or (self.folder / "1.json").exists())

    def test_what_was_only_asked_for_is_neither_refreshed_nor_returned(self):
        self.ask("1.json")
        self.submit("1.json")
        before = self.seat.read_bytes()
        for act in ("refresh", "return"):
            refused = self.offline(act, "2.json", exit_code=BAD_INPUT)
            self.assertIn("skerry offline answer", refused.err)
        self.assertEqual(self.seat.read_bytes(), before)
        self.assertFalse((self.folder / "2.json").exists())
        self.take()
        self.offline("return", "2.json")

    def test_a_request_that_cannot_be_written_leaves_nothing(self):
        (self.folder / "1.json").touch()
        self.ask("1.json", exit_code=FAILED)
        self.assertFalse(self.seat.exists())
        self.ask("2.json")
        before = self.seat.read_bytes()
        self.ask("3.json", exit_code=FAILED)  # the seat's file is another one's
        self.assertEqual(self.seat.read_bytes(), before)
        self.assertFalse((self.folder / "3.json").exists())

    def test_what_is_only_tried_is_not_written(self):
        before = sorted(self.folder.iterdir())
        tried = self.ask("1.json", "--dry-run")
        self.assertIn("1.json would be written", tried.out)
        self.assertIn("nothing is written", tried.err)
        self.assertEqual(sorted(self.folder.iterdir()), before)
        self.ask("1.json")
        self.ask("2.json", "--dry-run", exit_code=FAILED)  # the seat's file is there
        self.submit("1.json")
        waiting = self.seat.read_bytes()
        self.assertIn("would be kept", self.take("--dry-run").out)
        self.assertEqual(self.seat.read_bytes(), waiting)
        self.take()
        given = self.seat.read_bytes()
        for act in ("refresh", "return"):
            self.offline(act, "3.json", "--dry-run")
        self.assertEqual(self.seat.read_bytes(), given)
        self.assertFalse((self.folder / "3.json").exists())

    def test_amounts(self):
        for wrong in (("prints=0",), ("prints",), ("=1",), ("prints=1.5",), ("prints=2x",),
                      ("prints=99999999999999999999",), ("prints=1", "prints=2")):
            self.ask("1.json", *(word for each in wrong for word in ("--amount", each)),
                     exit_code=USAGE)
        self.ask("1.json", "--amount", "prints=4")
        self.submit("1.json")
        self.take()
        for wrong in (("prints=-1",), ("prints=99999999999999999999",), ("prints=1", "prints=1")):
            self.offline("return", "2.json", *(word for each in wrong for word in ("--used", each)),
                         exit_code=USAGE)
        self.offline("return", "2.json", "--used", "prints=0")
        request = json.loads((self.folder / "2.json").read_text(encoding="utf-8"))
        self.assertEqual(request["used"], {"prints": 0})

    def test_a_token_is_held_to_the_key_that_was_named(self):
        other = Machine(self.folder / "other", "central", "other").data / "keys" / "sign.pub.pem"
        self.ask("1.json")
        self.submit("1.json")
        self.take("--key", other, exit_code=TRUST)
        self.take("--key", self.answer, exit_code=BAD_INPUT)
        self.assertIn("not verified", self.take().out)
        self.assertFalse(self.take("--json").document()["verified"])
        verified = self.take("--key", self.key, "--json").document()
        self.assertTrue(verified["verified"])
        self.assertTrue(self.take("--json").document()["verified"])  # the key is kept
        self.offline("refresh", "2.json")
        self.submit("2.json", f"/v1/activations/{verified['id']}/offline-refresh")
        self.assertNotIn("not verified", self.take().out)

    @unittest.skipUnless(shutil.which("age"), "age is not installed")
    def test_a_forged_answer_is_refused(self):
        """By somebody who saw the request, and so knows to whom the answer is encrypted."""
        self.ask("1.json")
        seen = (self.folder / "1.json").read_bytes()
        request = json.loads(seen)
        forged = {"format": "skerry-offline-answer", "version": 1, "request": request["id"],
                  "request_sha256": hashlib.sha256(seen).hexdigest(), "secret": "A" * 43,
                  "id": "0199c0de-0000-7000-8000-00000000000e",
                  "lease_expires_at": "2099-01-01T00:00:00Z"}
        for token in ("", "a.b.c", "..", "e30.e30.e30"):
            sealed = subprocess.run(["age", "-a", "-r", request["recipient"]], check=True,
                                    input=json.dumps({**forged, "token": token}).encode(),
                                    capture_output=True, timeout=COMMAND_SECONDS).stdout.decode()
            self.answer.write_text(json.dumps({"answer": sealed}), encoding="utf-8")
            before = self.seat.read_bytes()
            self.take(exit_code=TRUST)
            self.take("--key", self.key, exit_code=TRUST)
            self.assertEqual(self.seat.read_bytes(), before)
        self.submit("1.json")
        self.take("--key", self.key)


if __name__ == "__main__":
    unittest.main()
