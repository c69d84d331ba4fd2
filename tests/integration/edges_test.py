"""The limits of the HTTP interface as it is shipped: served at the limit, refused beyond it."""

import json
import time
import unittest

from limits_test import Connection
from machine import MachineTest

HEADER_BYTES_MAX = 16 * 1024
BODY_BYTES_MAX = 1024 * 1024
UPLOAD_BYTES_MAX = 512 * 1024 * 1024
DEPTH_MAX = 32
BATCH_MAX = 1000
HEADER_SECONDS = 10
GUESSES_PER_SECOND = 10


class Edges(MachineTest):
    def setUp(self):
        super().setUp()
        self.machine = self.new_machine("central", "vendor")
        self.machine.http("GET", "/livez")  # makes the token

    def connect(self):
        connection = Connection(self.machine)
        self.addCleanup(connection.close)
        return connection

    def ask(self, method, path, body=b"", token=None):
        """(status, code of a refusal, headers) on a connection of its own."""
        connection = self.connect()
        status, headers, text = connection.ask(method, path, token or self.machine.token, body)
        refusal = headers.get("Content-Type", "").startswith("application/problem+json")
        return status, json.loads(text)["code"] if refusal else None, headers

    def customers(self):
        return self.machine.http("GET", "/v1/status").json()["records"]["customer"]

    def test_headers(self):
        for size, wanted in ((HEADER_BYTES_MAX, 200), (HEADER_BYTES_MAX + 1, 431)):
            connection = self.connect()
            shell = b"GET /livez HTTP/1.1\r\nHost: t\r\nX-A: \r\n\r\n"
            connection.socket.sendall(shell[:-4] + b"x" * (size - len(shell)) + shell[-4:])
            self.assertEqual(connection.answer()[0], wanted, size)

    def test_bodies(self):
        record = json.dumps({"name": "At the limit"}).encode()
        self.assertEqual(self.ask("POST", "/v1/customers", record.ljust(BODY_BYTES_MAX))[0], 201)
        status, code, _ = self.ask("POST", "/v1/customers", record.ljust(BODY_BYTES_MAX + 1))
        self.assertEqual((status, code), (413, "payload_too_large"))
        self.assertEqual(self.customers(), 1)

    def test_uploads_are_refused_before_they_come(self):
        connection = self.connect()
        connection.socket.sendall(
            "POST /v1/bundles HTTP/1.1\r\nHost: t\r\n"
            f"Authorization: Bearer {self.machine.token}\r\n"
            "Content-Type: application/octet-stream\r\nIdempotency-Key: a\r\n"
            f"Content-Length: {UPLOAD_BYTES_MAX + 1}\r\n\r\n".encode())
        self.assertEqual(connection.answer()[0], 413)

    def test_depth(self):
        for depth, wanted in ((DEPTH_MAX, (422, "validation_failed")),
                              (DEPTH_MAX + 1, (400, "bad_json"))):
            body = b'{"name":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
            self.assertEqual(self.ask("POST", "/v1/customers", body)[:2], wanted, depth)

    def test_batches(self):
        def batch(count):
            items = [{"op": "create", "record": {"name": f"{n}"}} for n in range(count)]
            return self.ask("POST", "/v1/customers:batch", json.dumps({"items": items}).encode())

        self.assertEqual(batch(BATCH_MAX)[0], 200)
        self.assertIn(batch(BATCH_MAX + 1)[0], (413, 422))
        self.assertEqual(self.customers(), BATCH_MAX)

    def test_a_header_has_ten_seconds(self):
        connection = self.connect()
        begun = time.monotonic()
        connection.socket.sendall(b"GET /livez HTTP/1.1\r\n")
        self.assertEqual(connection.answer()[0], 408)
        self.assertGreater(time.monotonic() - begun, HEADER_SECONDS - 1)
        self.assertLess(time.monotonic() - begun, 3 * HEADER_SECONDS)

    def test_guesses(self):
        guess = "skry_app_" + "a" * 36
        answers = [self.ask("GET", "/v1/status", token=guess)
                   for _ in range(10 * GUESSES_PER_SECOND)]
        self.assertEqual(answers[0][0], 401)
        slowed = [headers for status, _, headers in answers if status == 429]
        self.assertTrue(slowed, "never told to wait")
        self.assertRegex(slowed[0]["Retry-After"], r"^[0-9]+$")
        self.assertIn("RateLimit", slowed[0])

    def test_no_other_origin_is_let_in(self):
        for method in ("GET", "OPTIONS"):
            connection = self.connect()
            connection.socket.sendall(
                f"{method} /v1/customers HTTP/1.1\r\nHost: t\r\nOrigin: https://evil.example\r\n"
                "Access-Control-Request-Method: POST\r\n"
                f"Authorization: Bearer {self.machine.token}\r\n\r\n".encode())
            status, headers, _ = connection.answer()
            self.assertLess(status, 300)
            self.assertEqual([n for n in headers if n.lower().startswith("access-control")], [])

    def test_methods_that_tell_what_was_sent(self):
        for method in ("TRACE", "TRACK", "CONNECT"):
            self.assertIn(self.ask(method, "/v1/status")[0], (400, 405), method)


if __name__ == "__main__":
    unittest.main()
