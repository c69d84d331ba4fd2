"""Keygen Relay's protocol: every status, header and body, with licence files made here."""

import base64
import hashlib
import hmac
import http.client
import json
import tempfile
import time
import unittest
from pathlib import Path

from keygen_files import Account
from machine import COMMAND_SECONDS, Machine, run, wait_until

TRUST = 12
CONFLICT = {"error": "failed to claim license due to conflict"}


class RelayTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.account, cls.stranger = Account(), Account()
        cls.addClassCleanup(cls.account.close)
        cls.addClassCleanup(cls.stranger.close)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skerry-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.machine = Machine(self.folder / "machine", "central", "vendor")
        self.addCleanup(lambda: self.machine.process and self.machine.kill())
        self.configured = ""
        self.passed = 0

    def start(self, **keys):
        """With [relay] as given; gives nothing, but self.relay is where it answers."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        self.machine.configure("[relay]\naddress = \"127.0.0.1:0\"\n" + "\n".join(lines) + "\n")
        self.machine.start()
        self.find_relay()

    def pass_time(self, seconds):
        self.machine.pass_time(seconds)
        self.passed += seconds

    def find_relay(self):
        spoken = [line for line in self.machine.log().splitlines() if "protocol is spoken" in line]
        self.relay = spoken[-1].split(" on ")[1].split()[0].strip("\"")

    def add(self, key, pool=None, exit_code=0, account=None, seats=None, **terms):
        """The id of a new licence with this key."""
        licence, text = (account or self.account).licence(key, **terms)
        file = self.folder / f"{licence}.lic"
        file.write_text(text, encoding="utf-8")
        options = ["--pool", pool] if pool else []
        options += ["--seats", seats] if seats else []
        key_file = self.folder / "key"
        key_file.write_text(f"{key}\n", encoding="utf-8")
        key_file.chmod(0o600)
        self.added = self.machine.run("relay", "add", "--file", file, "--key-file", key_file,
                                      "--public-key", self.account.public_key, "--json", *options)
        self.assertEqual(self.added.code, exit_code, self.added)
        return licence

    def with_key(self, key, *arguments):
        """A command that reads the licence key from stdin."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as stdin:
            stdin.write(f"{key}\n")
            stdin.seek(0)
            return run(*arguments, "--key-file", "-", stdin=stdin)

    def send(self, method, path, pool=None, body=None, **headers):
        connection = http.client.HTTPConnection(self.relay, timeout=COMMAND_SECONDS)
        try:
            connection.request(method, path, body,
                               {"Relay-Pool": pool, **headers} if pool else headers)
            answer = connection.getresponse()
            answer.text = answer.read().decode()
            return answer
        finally:
            connection.close()

    def node(self, method, name, status, pool=None):
        """The body as an object, None when it is empty."""
        answer = self.send(method, f"/v1/nodes/{name}", pool)
        self.assertEqual(answer.status, status, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertAlmostEqual(int(answer.headers["Relay-Clock"]), time.time() + self.passed,
                               delta=10)
        self.assertIsNone(answer.headers["Relay-Signature"])
        if status == 204:
            return self.assertEqual(answer.text, "")
        self.assertTrue(answer.text.endswith("}\n"), answer.text)
        return json.loads(answer.text)

    def claim(self, name, status=201, pool=None):
        return self.node("PUT", name, status, pool)

    def release(self, name, status=204, pool=None):
        return self.node("DELETE", name, status, pool)

    def test_off_by_default(self):
        self.machine.start()
        self.assertNotIn("protocol is spoken", self.machine.log())
        self.assertIn(self.machine.http("PUT", "/v1/nodes/a").status, (404, 405))

    def test_from_claim_to_release(self):
        self.start()
        licence = self.add("KEY<1>", encrypted=True)
        text = (self.folder / f"{licence}.lic").read_bytes()
        answer = self.send("PUT", "/v1/nodes/a")
        clock = int(answer.headers["Relay-Clock"])
        body = json.loads(answer.text)
        self.assertEqual(list(body), ["license_file", "license_key", "expires_at", "expires_in"])
        self.assertEqual((base64.b64decode(body["license_file"]), body["license_key"]),
                         (text, "KEY<1>"))
        self.assertIn("\\u003c", answer.text)  # as Go writes JSON
        self.assertEqual(body["expires_in"], 60)
        self.assertAlmostEqual(body["expires_at"], clock + 60, delta=1)
        longer = self.claim("a", 202)
        self.assertEqual((list(longer), longer["expires_in"]), (["expires_at", "expires_in"], 60))
        self.assertEqual(self.claim("b", 410), {"error": "no licenses available"})
        self.release("a")
        self.assertEqual(self.release("a", 404), {"error": "claim not found"})
        self.claim("b")
        self.release("b")

    def test_health_and_what_is_not_there(self):
        self.start()
        health = self.send("GET", "/v1/health")
        self.assertEqual((health.status, health.text), (200, ""))
        self.assertIsNone(health.headers["Content-Type"])
        self.assertIsNotNone(health.headers["Relay-Clock"])
        missing = self.send("GET", "/v1/customers")  # none of the API is here
        self.assertEqual((missing.status, missing.text), (404, "404 page not found\n"))
        self.assertEqual(missing.headers["Content-Type"], "text/plain; charset=utf-8")
        for method, path in (("POST", "/v1/nodes/a"), ("OPTIONS", "/v1/nodes/a"),
                             ("HEAD", "/v1/health"), ("PUT", "/v1/health")):
            wrong = self.send(method, path, body="{}")
            self.assertEqual((wrong.status, wrong.text), (405, ""), (method, path))
            self.assertIsNone(wrong.headers["Allow"])
        self.assertEqual(self.send("PUT", "/v1/nodes/a", body="ignored").status, 410)
        for name in ("%00", "%0a", "%20", "x" * 1025, "%ff"):
            answer = self.send("PUT", f"/v1/nodes/{name}")
            self.assertEqual(answer.status, 400, name)
            self.assertIn("error", json.loads(answer.text))

    def test_paths_are_read_as_relay_reads_them(self):
        self.start()
        for method in ("PUT", "DELETE", "GET"):
            deeper = self.send(method, "/v1/nodes/a%2Fb")
            self.assertEqual((deeper.status, deeper.text), (404, "404 page not found\n"))
        for path, clean in (("//v1/nodes/a", "/v1/nodes/a"), ("/v1/./nodes//a?x=1&x=2",
                            "/v1/nodes/a?x=1&x=2"), ("/v1/nodes/..", "/v1"),
                            ("/v1/nodes/%2e%2e%2fhealth", "/v1/health")):
            moved = self.send("PUT", path)
            self.assertEqual((moved.status, moved.headers["Location"], moved.text),
                             (301, clean, ""), path)
        self.assertEqual(self.send("GET", "/v1/health?x=1&x=2").status, 200)

    def test_what_relay_does_not_read_is_not_read(self):
        self.start()
        self.add("K-1")
        self.claim("a")
        for said in ("License K-1", "Basic bGljZW5zZTpLLTE=", "Bearer x", "nonsense"):
            self.assertEqual(self.send("PUT", "/v1/nodes/a", Authorization=said).status, 202, said)
        self.assertEqual(self.send("PUT", "/v1/nodes/a", Cookie="__Host-skerry=x").status, 202)
        for body in ("ignored", "x" * 3_000_000, (b"x" * 70_000 for _ in range(30))):
            self.assertEqual(self.send("PUT", "/v1/nodes/a", body=body).status, 202)
        self.assertEqual(self.send("PUT", "/v1/nodes/a", body="x",
                                   **{"Content-Encoding": "gzip"}).status, 202)

    def test_long_fingerprints_and_keys_of_any_letters(self):
        self.start()
        self.add("K<\u2028\u2029&é>")
        answer = self.send("PUT", "/v1/nodes/" + "x" * 1024)
        self.assertEqual(answer.status, 201)
        self.assertIn('"K\\u003c\\u2028\\u2029\\u0026é\\u003e"', answer.text)
        self.claim("x" * 1024, 202)

    def test_pools(self):
        self.start()
        self.add("PROD", pool="prod")
        self.add("DEV", pool="dev")
        self.assertEqual(self.claim("a", 410), {"error": "no licenses available"})
        self.assertEqual(self.claim("a", 400, pool="none"), {"error": "invalid pool header"})
        self.assertEqual(self.claim("a", pool="prod")["license_key"], "PROD")
        self.claim("a", 202, pool="prod")
        self.assertEqual(self.claim("a", 409, pool="dev"), CONFLICT)
        self.assertEqual(self.release("a", 404, pool="dev"), {"error": "claim not found"})
        self.assertEqual(self.release("a", 400, pool="none"), {"error": "invalid pool header"})
        self.release("b", 404, pool="none")
        self.release("a", pool="prod")
        self.assertEqual(self.claim("a", pool="dev")["license_key"], "DEV")

    def test_one_pool_alone(self):
        self.start(pool="prod")
        self.add("PROD", pool="prod")
        self.add("DEV", pool="dev")
        for act in (self.claim, self.release):
            self.assertEqual(act("a", 400, pool="dev"), {"error": "unsupported pool header"})
        self.assertEqual(self.claim("a")["license_key"], "PROD")
        self.claim("a", 202, pool="prod")

    def test_strategies(self):
        for strategy, expected in (("fifo", "K-1"), ("lifo", "K-3"), ("rand", None)):
            with self.subTest(strategy):
                if self.machine.process:
                    self.machine.stop()
                self.start(strategy=strategy)
                if strategy == "fifo":
                    for number in (1, 2, 3):
                        self.add(f"K-{number}")
                seen = set()
                for _ in range(40):
                    seen.add(self.claim("a")["license_key"])
                    self.release("a")
                self.assertEqual(seen, {expected} if expected else {"K-1", "K-2", "K-3"})

    def test_without_heartbeats(self):
        self.machine.take_lever()
        self.start(heartbeats=0, ttl_seconds=1)
        self.add("K-1")
        self.claim("a")
        self.assertEqual(self.claim("a", 409), CONFLICT)
        self.pass_time(5)  # nobody is culled
        self.claim("b", 410)
        self.machine.restart()
        self.find_relay()
        self.claim("b", 410)
        self.release("a")
        self.claim("b")

    def test_a_silent_node_is_culled_and_a_living_one_is_not(self):
        self.machine.take_lever()
        self.start(ttl_seconds=600)
        self.add("K-1")
        self.assertEqual(self.claim("a")["expires_in"], 600)
        for _ in range(4):
            self.pass_time(300)
            self.claim("a", 202)
        self.claim("b", 410)
        self.pass_time(601)
        wait_until(lambda: self.send("PUT", "/v1/nodes/b").status == 201, 10)
        self.claim("a", 410)

    def test_leases_outlive_a_kill(self):
        self.start(ttl_seconds=600)
        self.add("K-1")
        self.add("K-2")
        self.claim("a")
        self.machine.kill()
        self.machine.start()
        self.find_relay()
        self.claim("a", 202)
        self.assertEqual(self.claim("b")["license_key"], "K-2")
        self.claim("c", 410)

    def test_expiry_is_asked_at_claim(self):
        self.machine.take_lever()
        self.start()
        past, soon = "2020-01-01T00:00:00.000Z", time.strftime(
            "%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 40))
        self.add("GONE-1", expiry=past)
        self.assertTrue(self.added.document()["expired"])
        self.add("GONE-2", file_expiry=past, expiry="2999-01-01T00:00:00.000Z")
        self.claim("a", 410)
        self.add("SOON", expiry=soon)
        given = self.claim("a")
        self.assertEqual(given["license_key"], "SOON")
        self.assertLessEqual(given["expires_in"], 40)  # never beyond the licence
        self.pass_time(41)
        wait_until(lambda: self.send("PUT", "/v1/nodes/a").status == 410, 20)

    def test_several_nodes_have_one_licence(self):
        self.start()
        licence = self.add("K-1", seats=2)
        self.claim("a")
        self.claim("b")
        self.claim("c", 410)
        listed = self.machine.ok("relay", "list", "--json").document()
        self.assertEqual((listed["licence"], listed["in_use"], listed["seats"]), (licence, 2, 2))
        self.assertEqual(sorted(listed["nodes"]), ["a", "b"])
        shown = self.machine.ok("relay", "list").out
        self.assertIn("2 of 2 in use", shown)
        self.assertRegex(shown, r"\n  nodes: (a, b|b, a)\n")
        self.assertIn("no licence file is in the pool none",
                      self.machine.ok("relay", "list", "--pool", "none").out)

    def test_signatures(self):
        secret = self.folder / "secret"
        secret.write_text("hunter2\n", encoding="utf-8")
        secret.chmod(0o600)
        self.start(signing_secret_file=str(secret))
        self.add("K-1")
        for method, path, status in (("PUT", "/v1/nodes/a", 201), ("PUT", "/v1/nodes/a", 202),
                                     ("PUT", "/v1/nodes/b", 410), ("DELETE", "/v1/nodes/a", 204),
                                     ("GET", "/v1/health", 200)):
            answer = self.send(method, path)
            self.assertEqual(answer.status, status)
            clock = answer.headers["Relay-Clock"]
            code = hmac.new(b"hunter2", f"{clock}.{answer.text}".encode(), hashlib.sha256)
            self.assertEqual(answer.headers["Relay-Signature"],
                             f"t={clock},v1={code.hexdigest()}")

    def test_what_is_no_licence_file_is_refused(self):
        self.start()
        self.add("K-1", account=self.stranger, exit_code=TRUST)
        self.add("K-1", encrypted=False, account=self.stranger, exit_code=TRUST)
        good, text = self.account.licence("K-1")
        broken = {
            "no armour": text.replace("-----BEGIN", "-----FROM"),
            "no base64": text.replace("ey", "e!", 1),
            "another algorithm": self.account.certificate(b"{}", "K-1", alg="rsa-sha256"),
            "no JSON": self.account.certificate(b"[1", "K-1"),
            "no licence": self.account.certificate(b'{"data":{"id":"x","type":"machines"}}', "K-1"),
            "no time": self.account.licence("K-1", expiry="soon")[1],
            "empty": "",
        }
        for what, wrong in broken.items():
            answer = self.machine.http("POST", "/v1/relay-licences", {
                "file": wrong, "key": "K-1", "public_key": self.account.public_key})
            self.assertEqual((answer.status, answer.json()["code"]), (422, "validation_failed"),
                             what)
        sealed = self.machine.http("POST", "/v1/relay-licences",
                                   {"file": text, "public_key": self.account.public_key})
        self.assertEqual(sealed.status, 422)
        for wrong in ({"key": "K-2"}, {"public_key": "00"}, {"seats": 0}, {"other": 1}):
            answer = self.machine.http("POST", "/v1/relay-licences", {
                "file": text, "key": "K-1", "public_key": self.account.public_key, **wrong})
            self.assertEqual(answer.status, 422, wrong)
        self.assertEqual(self.machine.ok("relay", "list", "--json").lines(), [])
        self.assertNotEqual(good, self.add("K-1"))

    def test_plain_files_hold_their_key(self):
        self.start()
        licence, text = self.account.licence("K-9", encrypted=False)
        answer = self.machine.http("POST", "/v1/relay-licences",
                                   {"file": text, "public_key": self.account.public_key})
        self.assertEqual((answer.status, answer.json()["licence"]), (201, licence), answer)
        self.assertEqual(self.claim("a")["license_key"], "K-9")

    def test_licences_are_listed_and_removed(self):
        self.start()
        first, second = self.add("K-1"), self.add("K-2", pool="prod", encrypted=False)
        add = ("relay", "add", "--file", self.folder / f"{first}.lic", "--public-key",
               self.account.public_key, "--data", self.machine.data)
        self.assertEqual(run(*add, "--key", "K-1").code, 64, "no secret in the list of processes")
        for more in ((), ("--dry-run",)):
            self.assertEqual(self.with_key("K-1", *add, *more).code, 1, "it is here already")
        listed = self.machine.ok("relay", "list", "--json").lines()
        self.assertEqual([(each["licence"], each["pool"]) for each in listed],
                         [(first, None), (second, "prod")])
        self.assertNotIn("K-1", self.machine.ok("relay", "list").out)
        only = self.machine.ok("relay", "list", "--pool", "prod", "--json").document()
        self.assertEqual(only["licence"], second)
        self.claim("a")
        tried = self.machine.ok("relay", "remove", first, "--dry-run")
        self.assertIn("would be handed out no more", tried.out)
        listed = self.machine.ok("relay", "list", "--json").lines()
        self.assertEqual((listed[0]["licence"], listed[0]["in_use"]), (first, 1))
        self.machine.ok("relay", "remove", first)
        tried = self.with_key("K-1", *add, "--dry-run")
        self.assertEqual((tried.code, tried.out.split(": ")[0]), (0, "would be loaded"), tried)
        self.assertNotIn(first, self.machine.ok("relay", "list").out)
        self.assertEqual(self.machine.run("relay", "remove", first).code, 1)
        self.claim("a", 410)
        self.release("a", 404)
        audit = self.machine.ok("audit", "list", "--json").out
        self.assertIn("relay_licence_added", audit)
        self.assertIn("relay_licence_removed", audit)
        self.assertNotIn("K-1", audit)


if __name__ == "__main__":
    unittest.main()
