"""Prism between a test and a machine: each request and answer is held against the document.

Only where SKERRY_PROXY names Prism's program and SKERRY_PROXY_DOCUMENT the document; otherwise the
tests speak to the machine itself.
"""

import json
import os
import socket
import subprocess
import time

PROXY = os.environ.get("SKERRY_PROXY")
DOCUMENT = os.environ.get("SKERRY_PROXY_DOCUMENT")
READY_SECONDS = 60


class ContractBroken(AssertionError):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Proxy:
    """One Prism before one address; starts with the first request."""

    def __init__(self):
        self.process = None
        self.port = 0

    def before(self, address):
        """The proxy's own address, once it answers."""
        if self.process is None:
            self.start(address)
        return f"127.0.0.1:{self.port}"

    def start(self, address):
        # Prism cannot be asked for any free port: the one found may be gone, then another is tried.
        for _ in range(3):
            self.port = free_port()
            self.process = subprocess.Popen(
                [PROXY, "proxy", DOCUMENT, f"http://{address}", "--host", "127.0.0.1",
                 "--port", str(self.port), "--verboseLevel", "error"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.monotonic() + READY_SECONDS
            while self.process.poll() is None and time.monotonic() < end:
                if answers(self.port):
                    return
                time.sleep(0.05)
            self.stop()
        raise AssertionError(f"{PROXY} did not start")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def check_contract(name, answer):
    """A wrong answer breaks the contract; so does a wrong request that was taken all the same.

    Prism's own --errors would keep wrong requests from the machine, and with them every test of a
    refusal; what it found stands in a header without it, too.
    """
    if answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        kind = str(json.loads(answer.body).get("type", ""))
        if "stoplight.io/prism" in kind:
            raise ContractBroken(f"{name}: the document does not have this: {answer.body!r}")
    found = json.loads(answer.headers.get("sl-violations", "[]"))
    broken = [each for each in found
              if each["location"][0] == "response" or answer.status < 300]
    if broken:
        raise ContractBroken(f"{name}: HTTP {answer.status} breaks the contract: {broken}")
