"""The same bytes over HTTP."""

import http.server
import socket
import subprocess
import threading
import time
import unittest

from machine import SKERRY, MachineTest, wait_until


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another service at central's address."""

    asked = 0
    status = 404

    def do_POST(self):  # noqa: N802
        type(self).asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Online(MachineTest):
    def test_site_and_central_agree_after_an_online_exchange(self):
        central, site, _ = self.new_pair()
        site.configure(f"[central]\nurl = \"http://{central.address}\"\n")
        site.restart()
        there = site.create("customers", {"name": "From the site"})
        here = central.create("customers", {"name": "From central"})
        before = central.digest(), site.digest(), site.status()["pending"]
        for way in ((), ("--relay",)):
            tried = site.ok("exchange", "--online", *way, "--dry-run")
            self.assertRegex(tried.out, r"would send 1 bundle with [1-9]\d* rows? to http://")
            self.assertIn("nothing is written", tried.err)
        self.assertEqual((central.digest(), site.digest(), site.status()["pending"]), before)
        report = site.ok("exchange", "--online", "--json").document()
        self.assertGreaterEqual(report["rows_sent"], 1)
        self.assertEqual(central.get("customers", there["id"]).json()["name"], "From the site")
        self.assertEqual(site.get("customers", here["id"]).json()["name"], "From central")
        self.assert_same_state(central, site)

    def test_an_empty_central_has_nothing_to_send_and_the_exchange_ends(self):
        central, site, _ = self.new_pair()
        site.configure(f"[central]\nurl = \"http://{central.address}\"\n")
        site.restart()
        first = site.ok("exchange", "--online", "--json").document()
        self.assertLessEqual(first["rounds"], 3, first)
        again = site.ok("exchange", "--online", "--json").document()
        self.assertEqual(again["received"], 0, again)
        self.assert_same_state(central, site)

    def test_a_site_exchanges_by_itself_when_told_how_often(self):
        central, site, _ = self.new_pair()
        site.configure(f"[central]\nurl = \"http://{central.address}\"\n"
                       "[exchange]\ninterval_seconds = 1\n")
        site.restart()
        site.create("customers", {"name": "Unattended"})
        wait_until(lambda: site.status()["pending"] == 0)
        self.assert_same_state(central, site)
        self.assertEqual(site.stop(), 0)

    def test_central_away_is_said_and_nothing_is_lost(self):
        central, site, _ = self.new_pair()
        site.configure("[central]\nurl = \"http://127.0.0.1:1\"\n[exchange]\n"
                       "interval_seconds = 1\n")
        site.restart()
        site.http("GET", "/v1/status")
        before = site.status()["pending"]  # that the token was made
        site.create("customers", {"name": "Kept"})
        wait_until(lambda: "online exchange" in site.log() or "central" in site.log(), 60)
        wait_until(lambda: site.status()["upstream"]["trouble"])
        status = site.status()
        self.assertEqual(status["pending"], before + 1)
        trouble = status["upstream"]["trouble"]
        self.assertEqual(trouble["code"], "central_unreachable")
        shown = site.run("status")
        self.assertEqual(shown.code, 10, shown)
        self.assertIn(trouble["since"], shown.out)
        doctor = site.run("doctor", "--json")
        self.assertEqual(doctor.code, 10, doctor)
        findings = {each["subject"]: each for each in doctor.document()["findings"]}
        self.assertEqual(findings["exchange"]["severity"], "error")
        self.assertIn("central.url", findings["exchange"]["next"])
        self.assertEqual(site.stop(), 0)

    def test_a_central_that_never_answers_holds_up_neither_a_medium_nor_the_stop(self):
        central, site, medium = self.new_pair()
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        site.configure(f"[central]\nurl = \"http://127.0.0.1:{silent.getsockname()[1]}\"\n")
        site.restart()
        site.create("customers", {"name": "By the stick"})
        asking = subprocess.Popen([SKERRY, "exchange", "--online", "--data", site.data],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        silent.settimeout(30)
        line, _ = silent.accept()
        self.addCleanup(line.close)
        began = time.monotonic()
        self.exchange(central, site, medium)
        self.assertLess(time.monotonic() - began, 30)
        self.assert_same_state(central, site)
        self.assertIsNone(asking.poll())
        began = time.monotonic()
        self.assertEqual(site.stop(), 0)
        self.assertLess(time.monotonic() - began, 10)
        said, _ = asking.communicate(timeout=30)
        self.assertNotEqual(asking.returncode, 0, said)

    def test_another_service_at_its_address_is_asked_once(self):
        _, site, _ = self.new_pair()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        site.configure(f"[central]\nurl = \"http://127.0.0.1:{server.server_port}\"\n")
        site.restart()
        for Elsewhere.status in (404, 200, 204):
            Elsewhere.asked = 0
            refused = site.run("exchange", "--online")
            self.assertEqual(refused.code, 78, refused)
            self.assertRegex(refused.err,
                             f"answered {Elsewhere.status}.*\nNext: set central.url")
            self.assertNotIn("trying again", refused.err)
            self.assertEqual(Elsewhere.asked, 1)
        Elsewhere.status = 500
        refused = site.run("exchange", "--online")
        self.assertEqual(refused.code, 75, refused)
        self.assertIn("Next: run it again", refused.err)

    def test_a_retry_is_told(self):
        _, site, _ = self.new_pair()
        site.configure("[central]\nurl = \"http://127.0.0.1:1\"\n")
        site.restart()
        for _ in range(4):  # the waits are random, and too short to be told now and then
            asked = site.run("exchange", "--online")
            self.assertEqual(asked.code, 75, asked)
            if "trying again" in asked.err:
                return
        self.fail(asked)

    def test_without_an_address_it_says_which_key_to_set(self):
        _, site, _ = self.new_pair()
        for more in ((), ("--dry-run",)):
            refused = site.run("exchange", "--online", *more)
            self.assertEqual(refused.code, 78, refused)
            self.assertIn("central.url", refused.err)


if __name__ == "__main__":
    unittest.main()
