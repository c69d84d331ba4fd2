"""Clients that do harm by being slow, as many as there are places; a process of their own."""

import random
import socket
import sys
import time

BEAT_SECONDS = 0.25
SMALL_BUFFER_BYTES = 2048
KINDS = ("header", "body", "read")


def opening(kind, token):
    """What a client of this kind sends at once."""
    if kind == "header":
        return b"GET /livez HTTP/1.1\r\nHost: t\r\n"
    authorized = f"Host: t\r\nAuthorization: Bearer {token}\r\n"
    if kind == "body":
        return (f"POST /v1/customers HTTP/1.1\r\n{authorized}Content-Type: application/json\r\n"
                "Content-Length: 100000\r\n\r\n{\"name\":\"").encode()
    return f"GET /v1/openapi.json HTTP/1.1\r\n{authorized}\r\n".encode()


class Slow:
    """One place: a connection, and after it was ended the next."""

    def __init__(self, address, token, kind):
        self.address, self.kind, self.opening = address, kind, opening(kind, token)
        self.socket, self.ended = None, 0
        self.connect()

    def connect(self):
        self.socket = socket.socket(socket.AF_INET)
        if self.kind == "read":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        self.socket.settimeout(10)
        try:
            self.socket.connect(self.address)
            self.socket.sendall(self.opening)
        except OSError:
            pass  # no place is free at the moment: the next beat tries again
        self.socket.setblocking(False)

    def beat(self):
        """A byte more, or the next connection when the machine has ended this one."""
        if not self.goes_on():
            self.socket.close()
            self.ended += 1
            self.connect()

    def goes_on(self):
        try:
            if self.kind == "read":
                return self.socket.recv(1) != b""
            self.socket.send(b"X-a: b\r\n" if self.kind == "header" else b"x")
            self.socket.recv(4096)
            return False  # an answer, or its end: it was given up
        except BlockingIOError:
            return True
        except OSError:
            return False


def main(host, port, token, count, seconds):
    places = [Slow((host, int(port)), token, KINDS[n % len(KINDS)]) for n in range(int(count))]
    print("all are there", flush=True)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        begun = time.monotonic()
        for place in random.sample(places, len(places) // 4):
            place.beat()
        time.sleep(max(0, BEAT_SECONDS - (time.monotonic() - begun)))
    print({kind: sum(p.ended for p in places if p.kind == kind) for kind in KINDS}, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
