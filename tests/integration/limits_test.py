"""The limits of the HTTP server, in a real daemon with the limits that it is shipped with."""

import json
import resource
import socket
import unittest

from machine import RECIPIENT, MachineTest

CONNECTIONS_MAX = 1024
USUAL_OPEN_FILES = 1024
ANSWER_SECONDS = 30


class Connection:
    """Bytes to a machine, and one answer after another."""

    def __init__(self, machine):
        host, port = machine.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS)
        self.reader = self.socket.makefile("rb")

    def close(self):
        self.reader.close()
        self.socket.close()

    def answer(self):
        """(status, headers, body); without having asked, for a machine that turns us away."""
        status = int(self.reader.readline().split()[1])
        headers = {}
        while (line := self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            headers[name] = value.strip()
        return status, headers, self.reader.read(int(headers.get("Content-Length", 0)))

    def ask(self, method, path, token=None, body=b""):
        head = f"{method} {path} HTTP/1.1\r\nHost: t\r\nContent-Length: {len(body)}\r\n"
        if body:
            head += "Content-Type: application/json\r\n"
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        self.socket.sendall(head.encode() + b"\r\n" + body)
        return self.answer()


class LimitsTest(MachineTest):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 3 * CONNECTIONS_MAX:
            self.skipTest(f"the hard limit of open files is {hard}")
        # The daemon inherits the usual limit and raises it by itself; this test needs one, too.
        resource.setrlimit(resource.RLIMIT_NOFILE, (USUAL_OPEN_FILES, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.machine = self.new_machine("central", "vendor")
        self.machine.http("GET", "/livez")  # makes the token
        resource.setrlimit(resource.RLIMIT_NOFILE, (3 * CONNECTIONS_MAX, hard))

    def connect(self):
        connection = Connection(self.machine)
        self.addCleanup(connection.close)
        return connection

    def test_as_many_connections_as_promised(self):
        connections = [self.connect() for _ in range(CONNECTIONS_MAX)]
        for connection in connections:
            self.assertEqual(connection.ask("GET", "/livez")[0], 200)
        for number in (0, CONNECTIONS_MAX - 1):  # files can be opened, and records written
            status, _, body = connections[number].ask(
                "POST", "/v1/customers", self.machine.token, json.dumps({"name": "x"}).encode())
            self.assertEqual(status, 201, body)
        status, _, body = connections[1].ask("POST", "/v1/backups", self.machine.token,
                                               json.dumps({"recipient": RECIPIENT}).encode())
        self.assertEqual(status, 201, body)

        # Over the Unix socket the administrator still gets in.
        self.assertIn("vendor", self.machine.ok("status").out)
        status, _, body = connections[2].ask("GET", "/readyz?verbose")
        self.assertEqual(status, 401, body)
        status, _, body = connections[3].ask("GET", "/readyz?verbose", self.machine.token)
        self.assertEqual(status, 200, body)
        self.assertGreater(json.loads(body)["free_bytes"], 0)

        status, headers, body = self.connect().answer()
        self.assertEqual(status, 503)
        self.assertEqual(json.loads(body)["code"], "busy")
        self.assertEqual(headers["Retry-After"], "1")
        self.assertEqual(headers["RateLimit"], '"connections";r=0;t=1')
        self.assertEqual(connections[2].ask("GET", "/livez")[0], 200)
        self.assertNotIn("open files", self.machine.log())


if __name__ == "__main__":
    unittest.main()
