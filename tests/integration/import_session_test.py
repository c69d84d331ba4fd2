"""Imports that run on their own: watched, cancelled, cut off, remembered."""

import json
import signal
import subprocess
import unittest
import uuid

from importing import Import
from machine import SKERRY, wait_until


class Sessions(Import):
    rows = 60_000

    def big_file(self, bad_last=False):
        lines = ["name,account_ref"] + [f"Customer {i},A{i}" for i in range(self.rows)]
        if bad_last:
            lines.append(",B")
        return self.file("big.csv", "\n".join(lines) + "\n")

    def post(self, path, file):
        """POST of a file with curl, as an application would."""
        self.central.http("GET", "/v1/status")  # makes the token
        done = subprocess.run(
            ["curl", "-sS", "-X", "POST", f"http://{self.central.address}{path}", "-H",
             f"Authorization: Bearer {self.central.token}", "-H", "Content-Type: text/csv", "-H",
             f"Idempotency-Key: {uuid.uuid4()}",
             "--data-binary", f"@{file}"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def session(self, session):
        return self.central.http("GET", f"/v1/import-sessions/{session}").json()

    def ended(self, session):
        wait_until(lambda: self.session(session)["state"] in ("done", "failed", "cancelled"))
        return self.session(session)

    def test_runs_on_its_own_and_is_remembered(self):
        begun = self.post("/v1/import-sessions?kind=customers&mode=good-rows-only",
                          self.big_file(bad_last=True))
        self.assertIn(begun["state"], ("waiting", "checking"))
        done = self.ended(begun["id"])
        self.assertEqual((done["state"], done["created"], done["rejected"]),
                         ("done", self.rows, 1))
        self.assertEqual(done["rows_total"], self.rows + 1)
        rejects = self.central.http("GET", done["rejects"])
        self.assertEqual(rejects.body.decode().splitlines()[0], "name,account_ref,reason")
        listed = self.central.http("GET", "/v1/import-sessions").json()["items"]
        self.assertEqual([one["id"] for one in listed], [begun["id"]])
        self.central.restart()
        kept = self.session(begun["id"])
        self.assertEqual((kept["state"], kept["created"], kept["rejects"]),
                         ("done", self.rows, None))

    def test_cancelled_all_or_nothing_leaves_nothing(self):
        begun = self.post("/v1/import-sessions?kind=customers", self.big_file())
        wait_until(lambda: self.session(begun["id"])["state"] != "waiting")
        self.central.http("POST", f"/v1/import-sessions/{begun['id']}:cancel")
        done = self.ended(begun["id"])
        if done["state"] == "done":
            self.skipTest("the import was faster than the wish to cancel it")
        self.assertEqual((done["state"], done["created"]), ("cancelled", 0))
        self.assertEqual(self.count("customer"), 0)
        self.assert_whole(self.central)

    def test_the_command_line_cancels_on_interrupt(self):
        command = subprocess.Popen(
            [SKERRY, "import", "customers", str(self.big_file()), "--mode", "good-rows-only",
             "--json", "--data", str(self.central.data)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.count("customer") > 0 or command.poll() is not None)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
        report = json.loads(out)
        self.assertIn(report["state"], ("cancelled", "done"), err)
        self.assertEqual(self.count("customer"), report["created"])
        self.assertEqual(command.returncode, 3 if report["state"] == "cancelled" else 0)
        self.assert_whole(self.central)

    def test_a_stop_ends_it_within_seconds_and_a_kill_is_told(self):
        begun = self.post("/v1/import-sessions?kind=customers", self.big_file())
        wait_until(lambda: self.session(begun["id"])["state"] != "waiting")
        self.central.restart()
        told = self.session(begun["id"])
        self.assertIn(told["state"], ("failed", "done"))
        self.assertEqual(self.count("customer"), 0 if told["state"] == "failed" else self.rows)
        before = self.count("customer")
        begun = self.post("/v1/import-sessions?kind=customers&mode=good-rows-only",
                          self.big_file())
        wait_until(lambda: self.count("customer") > before
                   or self.session(begun["id"])["state"] == "done")
        self.central.kill()
        self.central.start()
        told = self.session(begun["id"])
        self.assertIn(told["state"], ("failed", "done"))
        self.assertEqual(told["rows"], sum(told[name] for name in (
            "created", "updated", "unchanged", "rejected")))
        self.assertEqual(told["rows_done"], told["rows"])
        self.assertEqual(told["created"], self.count("customer") - before)
        if told["state"] == "failed":
            self.assertIn("the daemon ended while the import ran", told["error"]["detail"])
        self.assertIsNotNone(told["finished_at"])
        self.assert_whole(self.central)

    def test_the_command_line_says_that_the_daemon_went_away(self):
        file = self.big_file()
        command = subprocess.Popen(
            [SKERRY, "import", "customers", str(file), "--mode", "good-rows-only",
             "--data", str(self.central.data)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.count("customer") > 0 or command.poll() is not None)
        self.central.kill()
        _, err = command.communicate(timeout=60)
        self.assertEqual(command.returncode, 69, err)
        self.assertIn(f"the daemon stopped while it imported {file}", err)
        self.assertIn(f"skerry serve --data {self.central.data}", err)
        self.central.start()
        again = self.central.run("import", "customers", file)
        self.assertEqual(again.code, 0, again)
        self.assertEqual(self.count("customer"), self.rows)
        self.assert_whole(self.central)

    def test_no_room_for_wrong_requests(self):
        file = self.file("one.csv", "name\nAcme\n")
        self.assertEqual(self.post("/v1/import-sessions", file)["code"], "bad_request")
        self.assertEqual(self.post("/v1/import-sessions?kind=gadgets", file)["code"], "not_found")
        self.assertEqual(self.post("/v1/import-sessions?kind=customers&mode=some", file)["code"],
                         "bad_request")
        nobody = "019a0000-0000-7000-8000-000000000000"
        for path in (nobody, f"{nobody}/rejects"):
            self.assertEqual(self.central.http("GET", f"/v1/import-sessions/{path}").status, 404)


if __name__ == "__main__":
    unittest.main()
