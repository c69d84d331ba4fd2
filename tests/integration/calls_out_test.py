"""Nothing calls out: the demo with nothing but a loopback, and the kernel counts what wanted out.

In a network namespace without a route each attempt to reach another machine, a name server too,
ends as "no route" and is counted by the kernel, per namespace, for IPv4 and IPv6. So no program is
watched, and none is missed.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import unittest
from pathlib import Path

from machine import SKERRY, MachineTest

INSIDE = "SKERRY_TEST_INSIDE"
DEMO = Path(__file__).resolve().parents[1] / "demo" / "demo.sh"
TOOLS = ("age", "curl", "jq", "openssl", "tar", "zstd")
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
# Of the ranges that RFC 5737 and RFC 3849 keep for documents: nobody's.
ELSEWHERE = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))


def enter():
    """The command that runs this file in a namespace of its own; None where that is not allowed."""
    for rights in ((), ("--map-root-user",)):
        unshare = ["unshare", *rights, "--net"]
        if shutil.which("unshare") and subprocess.run(
                [*unshare, "true"], capture_output=True, check=False).returncode == 0:
            return unshare
    return None


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = struct.pack("16sh14x", b"lo", 0)
        flags, = struct.unpack_from("h", fcntl.ioctl(any_socket, SIOCGIFFLAGS, name), 16)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def attempts():
    """How often something in this namespace wanted to reach another machine."""
    names, values = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()
                     if line.startswith("Ip:")]
    found = int(dict(zip(names, values))["OutNoRoutes"])
    for line in Path("/proc/net/snmp6").read_text().splitlines():
        if line.startswith("Ip6OutNoRoutes"):
            found += int(line.split()[1])
    return found


def loopback_packets():
    line = next(line for line in Path("/proc/net/dev").read_text().splitlines() if "lo:" in line)
    return int(line.split(":")[1].split()[1])


class NothingCallsOut(MachineTest):
    def test_attempts_are_counted(self):
        for address, family in ELSEWHERE:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                before = attempts()
                with socket.socket(family, kind) as out, self.assertRaises(OSError):
                    out.connect((address, 80))
                self.assertEqual(attempts(), before + 1, address)

    def test_a_daemon_that_is_told_to_call_is_counted(self):
        _, site, _ = self.new_pair()
        site.configure('[central]\nurl = "https://192.0.2.1"\n')
        before = attempts()
        site.restart()
        self.assertEqual(attempts(), before, "a start reaches nobody")
        refused = site.run("exchange", "--online", "--json")
        self.assertEqual(refused.document()["error"]["code"], "central_unreachable")
        self.assertGreater(attempts(), before)

    def test_the_demo_reaches_nobody(self):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            self.skipTest(f"the demo needs {', '.join(missing)}")
        before, heard = attempts(), loopback_packets()
        done = subprocess.run([DEMO, SKERRY, "--once"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
        self.assertIn("Everything agreed", done.stdout)
        self.assertEqual(attempts(), before)
        self.assertGreater(loopback_packets(), heard + 100, "the demo spoke over the loopback")

    def test_what_an_operator_looks_at_reaches_nobody(self):
        central = self.new_machine("central", "vendor")
        before = attempts()
        for path in ("/docs", "/v1/openapi.json", "/metrics", "/readyz?verbose", "/v1/doctor"):
            self.assertEqual(central.http("GET", path).status, 200, path)
        for command in (("status",), ("doctor",), ("explain", "busy"), ("config", "show"),
                        ("man",), ("version",), ("support", "bundle", "--dry-run")):
            central.run(*command)
        self.assertEqual(attempts(), before)


if __name__ == "__main__":
    if INSIDE in os.environ:
        raise_loopback()
        unittest.main()
    ENTRY = enter()
    if ENTRY is None:
        print("skipped: this user may not cut the network off (unshare --net)")
        sys.exit(0)
    # No proxy that checks the contract is reached from there.
    ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("SKERRY_PROXY")}
    sys.exit(subprocess.run([*ENTRY, sys.executable, "-B", *sys.argv],
                            env={**ENVIRONMENT, INSIDE: "1"}, check=False).returncode)
