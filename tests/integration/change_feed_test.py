"""The change feed under load: every change exactly once, in order, over breaks and a power cut."""

import http.client
import json
import threading
import time
import unittest

from machine import MachineTest, wait_until

WRITERS = 4
WRITES_EACH_LIFE = 1500


class Reader(threading.Thread):
    """Follows the feed, and comes back after every break where it was."""

    def __init__(self, machine):
        super().__init__()
        self.machine = machine
        self.numbers = []
        self.problems = []
        self.breaks = 0
        self.done = threading.Event()
        self.goal = None

    def is_done(self):
        return self.done.is_set() and self.goal is not None and self.last() >= self.goal

    def last(self):
        return self.numbers[-1] if self.numbers else 0

    def run(self):
        while not self.is_done():
            try:
                connection = http.client.HTTPConnection(self.machine.address, timeout=3)
                try:
                    self.follow(connection)
                finally:
                    connection.close()
            except (OSError, http.client.HTTPException):
                pass
            self.breaks += 1
            time.sleep(0.01)  # a daemon that is down answers at once

    def ask(self, connection, path, headers):
        headers["Authorization"] = f"Bearer {self.machine.token}"
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            self.problems.append((response.status, response.read()))
            raise OSError("refused")
        return response


class LongPoll(Reader):
    position = (0, None)

    def follow(self, connection):
        for _ in range(50):  # then a break of our own
            if self.is_done():
                return
            number, at = self.position
            path = f"/v1/changes?after={number}&wait=1&limit=37"
            if at:
                path += f"&at={at}"
            answer = json.loads(self.ask(connection, path, {}).read())
            self.numbers += [item["n"] for item in answer["items"]]
            self.position = (answer["last"], answer["at"])


class Stream(Reader):
    identity = None

    def follow(self, connection):
        headers = {"Accept": "text/event-stream"}
        if self.identity:
            headers["Last-Event-ID"] = self.identity
        response = self.ask(connection, "/v1/changes", headers)
        identity = None
        for _ in range(3000):  # lines, then a break of our own in the middle of an event
            if self.is_done():
                return
            line = response.readline()
            if not line.endswith(b"\n"):
                return  # cut off
            if line.startswith(b"id: "):
                identity = line[4:].strip().decode()
            elif line.startswith(b"data: "):
                self.numbers.append(json.loads(line[6:])["n"])
            elif line == b"\n" and identity:
                self.identity = identity
            if identity and self.numbers and identity.split("-")[0] == str(self.numbers[-1]):
                self.identity = identity  # its data is here: the event is taken


class ChangeFeed(MachineTest):
    def write(self, machine, stop, written):
        connection = None
        while not stop.is_set():
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(machine.address, timeout=3)
                connection.request("POST", "/v1/customers", json.dumps({"name": "x"}),
                                   {"Authorization": f"Bearer {machine.token}",
                                    "Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                if response.status == 201:
                    written.append(1)
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.01)
        if connection is not None:
            connection.close()

    def test_every_change_once_and_in_order(self):
        machine = self.new_machine("central", "vendor")
        machine.http("GET", "/livez")  # makes the token before the threads start
        readers = [LongPoll(machine), Stream(machine)]
        stop = threading.Event()
        written = []
        writers = [threading.Thread(target=self.write, args=(machine, stop, written))
                   for _ in range(WRITERS)]
        for thread in readers + writers:
            thread.start()
        try:
            wait_until(lambda: len(written) >= WRITES_EACH_LIFE)
            machine.kill()
            machine.start()
            before = len(written)
            wait_until(lambda: len(written) >= before + WRITES_EACH_LIFE)
        finally:
            stop.set()
            for thread in writers:
                thread.join()
            last = machine.http("GET", "/v1/audit?limit=1").json()["items"][0]["n"]
            for reader in readers:
                reader.goal = last
                reader.done.set()
            for reader in readers:
                reader.join(timeout=30)
        self.assertGreater(len(written), 100)
        self.assertGreaterEqual(last, len(written))
        for reader in readers:
            self.assertEqual(reader.problems, [])
            self.assertGreater(reader.breaks, 1)
            self.assertEqual(reader.numbers, list(range(1, last + 1)), type(reader).__name__)
        self.assert_whole(machine)


if __name__ == "__main__":
    unittest.main()
