"""The daemon under a service manager: what systemd is told, sockets it opened, no network."""

import os
import select
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.request
from contextlib import closing
from pathlib import Path

from machine import READY_SECONDS, SKERRY, MachineTest, wait_until

ROOT = Path(__file__).resolve().parents[2]
EXPOSURE_MAX = 15  # tenths, of 100


def may_cut_network():
    return shutil.which("unshare") and subprocess.run(
        ["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0


class Manager:
    """Systemd's end of the notifications."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def hear(self, wanted, seconds=READY_SECONDS):
        """What was said up to a message that begins so."""
        heard = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self.socket], [], [], end - time.monotonic())
            if not ready:
                break
            heard.append(self.socket.recv(4096).decode())
            if heard[-1].startswith(wanted):
                return heard
        raise AssertionError(f"waited in vain for {wanted}: {heard}")

    def silent(self, unwanted, seconds):
        """Whether nothing of the kind is said for so long."""
        try:
            self.hear(unwanted, seconds)
        except AssertionError:
            return True
        return False


class Service(MachineTest):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.folder)
        self.addCleanup(self.manager.socket.close)

    def serve(self, machine, sockets=(), cut_network=False, **environment):
        """The daemon as its unit starts it: descriptors from 3 on, the rest in the environment."""
        environment = {**os.environ, "NOTIFY_SOCKET": self.manager.path, **environment}
        command = [SKERRY, "serve", "--data", str(machine.data)]
        if cut_network:
            command = ["unshare", "--net", *command]
        if sockets:
            # The shell's PID is the daemon's: each of the two runs the next in its place.
            renumber = " ".join(f"{3 + i}<&{end.fileno()}" for i, end in enumerate(sockets))
            command = ["bash", "-c", f'export LISTEN_PID=$$; exec "$@" {renumber}', "-", *command]
            environment["LISTEN_FDS"] = str(len(sockets))
        with open(machine.data / "log", "ab") as log:
            machine.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment,
                pass_fds=[end.fileno() for end in sockets])
        return machine

    def passed_sockets(self):
        tcp = socket.create_server(("127.0.0.1", 0))
        # Away from the numbers that they are passed as.
        path = str(self.folder / "passed.sock")
        local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        local.bind(path)
        local.listen()
        for end in (tcp, local):
            self.addCleanup(end.close)
        return tcp, local, path

    def test_ready_and_stopping_are_said(self):
        machine = self.serve(self.new_machine("site", "mine", start=False))
        heard = self.manager.hear("READY=1")
        self.assertTrue(any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in heard), heard)
        self.assertTrue(any(line.startswith("STATUS=site: answers on ") and " 127.0.0.1:" in line
                            for line in heard), heard)
        self.assertEqual(machine.stop(), 0)
        self.manager.hear("STOPPING=1")

    def test_the_watchdog_is_fed_while_the_writer_lives(self):
        machine = self.serve(self.new_machine("site", "mine", start=False), WATCHDOG_USEC="300000")
        self.manager.hear("READY=1")
        for _ in range(5):
            self.manager.hear("WATCHDOG=1")
        machine.process.send_signal(19)  # SIGSTOP: nothing of it lives
        stat = Path(f"/proc/{machine.process.pid}/stat")
        wait_until(lambda: stat.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "T")
        while select.select([self.manager.socket], [], [], 0)[0]:
            self.manager.socket.recv(4096)
        self.assertTrue(self.manager.silent("WATCHDOG=1", 0.6))
        machine.process.send_signal(18)  # SIGCONT
        self.manager.hear("WATCHDOG=1")
        self.assertEqual(machine.stop(), 0)

    def test_without_an_interval_nothing_is_fed(self):
        machine = self.serve(self.new_machine("site", "mine", start=False))
        self.manager.hear("READY=1")
        self.assertTrue(self.manager.silent("WATCHDOG=1", 0.5))
        self.assertEqual(machine.stop(), 0)

    def test_a_watchdog_of_another_process_is_not_ours(self):
        machine = self.serve(self.new_machine("site", "mine", start=False),
                             WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.manager.hear("READY=1")
        self.assertTrue(self.manager.silent("WATCHDOG=1", 0.5))
        self.assertEqual(machine.stop(), 0)

    def test_nonsense_in_the_environment_is_refused_by_name(self):
        machine = self.new_machine("site", "mine", start=False)
        self.serve(machine, WATCHDOG_USEC="soon")
        self.assertEqual(machine.process.wait(READY_SECONDS), 78)
        self.assertIn("WATCHDOG_USEC", machine.log())
        machine.forget_process()

    def test_a_descriptor_that_does_not_listen_is_refused(self):
        machine = self.new_machine("site", "mine", start=False)
        one, other = socket.socketpair()
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        self.serve(machine, [one])
        self.assertEqual(machine.process.wait(READY_SECONDS), 78)
        self.assertIn("does not listen", machine.log())
        machine.forget_process()

    @unittest.skipUnless(may_cut_network(), "needs the right to make a network namespace")
    def test_passed_sockets_serve_with_the_network_cut_off(self):
        machine = self.new_machine("site", "mine", start=False)
        tcp, local, path = self.passed_sockets()
        # The command line finds the daemon by its configuration, as on an installed machine.
        machine.configure(f'socket = "{path}"\n')
        self.serve(machine, [tcp, local], cut_network=True)
        line = machine.process.stdout.readline()
        port = tcp.getsockname()[1]
        self.assertEqual(line, f"ready tcp=127.0.0.1:{port} socket={path} role=site\n")
        machine.address = f"127.0.0.1:{port}"
        made = machine.create("customers", {"name": "Behind the wall"})
        self.assertEqual(machine.get("customers", made["id"]).json()["name"], "Behind the wall")
        links = Path(f"/proc/{machine.process.pid}/net/dev").read_text().splitlines()[2:]
        self.assertEqual([link.split(":")[0].strip() for link in links], ["lo"])
        self.assertEqual(machine.stop(), 0)
        self.assertTrue(os.path.exists(path), "whoever opened the socket removes it")

    @unittest.skipUnless(may_cut_network(), "needs the right to make a network namespace")
    def test_relays_protocol_comes_by_a_passed_socket(self):
        machine = self.new_machine("site", "mine", start=False)
        sockets = [*self.passed_sockets()[:2], socket.create_server(("127.0.0.1", 0))]
        self.addCleanup(sockets[-1].close)
        address = f"127.0.0.1:{sockets[-1].getsockname()[1]}"
        machine.configure(f'tls_address = "127.0.0.1:0"\n[relay]\naddress = "{address}"\n')
        self.serve(machine, sockets, cut_network=True)
        self.assertIn(f" relay={address}\n", machine.process.stdout.readline())
        with urllib.request.urlopen(f"http://{address}/v1/health", timeout=20) as answer:
            self.assertEqual(answer.status, 200)
        self.assertNotIn(f"no ListenStream={address}", machine.log())
        self.assertIn("no ListenStream=127.0.0.1:0", machine.log())  # HTTPS, which nobody reaches
        self.assertEqual(machine.stop(), 0)

    @unittest.skipUnless(may_cut_network(), "needs the right to make a network namespace")
    def test_the_relay_exchanges_for_a_daemon_without_a_network(self):
        central, site, _ = self.new_pair()
        site.stop()
        tcp, local, path = self.passed_sockets()
        site.configure(f'socket = "{path}"\n[central]\nurl = "http://{central.address}"\n')
        self.serve(site, [tcp, local], cut_network=True)
        site.process.stdout.readline()
        site.address = f"127.0.0.1:{tcp.getsockname()[1]}"
        there = site.create("customers", {"name": "From the site"})
        here = central.create("customers", {"name": "From central"})
        alone = site.run("exchange", "--online")
        self.assertEqual(alone.code, 75, alone)  # the daemon itself reaches nobody
        self.assertIn("skerry exchange --online --relay", alone.err)
        report = site.ok("exchange", "--online", "--relay", "--json").document()
        self.assertGreaterEqual(report["rows_sent"], 1, report)
        self.assertGreaterEqual(report["confirmed"], 1, report)
        self.assertEqual(central.get("customers", there["id"]).json()["name"], "From the site")
        self.assertEqual(site.get("customers", here["id"]).json()["name"], "From central")
        self.assert_same_state(central, site)
        again = site.ok("exchange", "--online", "--relay", "--json").document()
        self.assertEqual(again["records_received"], 0, again)
        central.stop()
        away = site.run("exchange", "--online", "--relay")
        self.assertEqual(away.code, 75, away)
        self.assertIn("medium works all the same", away.err)

    def test_the_relay_needs_an_address(self):
        central, site, _ = self.new_pair()
        self.assertEqual(central.run("exchange", "--online", "--relay").code, 64)
        refused = site.run("exchange", "--online", "--relay")
        self.assertEqual(refused.code, 78, refused)
        self.assertIn("central.url", refused.err)
        self.assertEqual(site.run("exchange", "--relay").code, 64)


def settings(unit, key):
    """The words of every such line of a unit."""
    lines = (ROOT / "systemd" / unit).read_text(encoding="utf-8").splitlines()
    return [word for line in lines if line.startswith(key + "=")
            for word in line.split("=", 1)[1].split()]


class Arrangements(MachineTest):
    """What the unit and the program must agree about."""

    def test_what_would_end_alike_is_not_started_again(self):
        newer = self.new_machine("site", "newer")
        newer.stop()
        with closing(sqlite3.connect(newer.data / "skerry.db")) as database:
            database.execute("INSERT INTO migration(version,name,sha256,applied_at) "
                             "VALUES(9999,'tomorrow',zeroblob(32),'2099-01-01T00:00:00.000Z')")
            database.commit()
        wrong = self.new_machine("site", "wrong", start=False)
        wrong.configure("no_such_key = 1\n")
        final = settings("skerry.service", "RestartPreventExitStatus")
        for machine in (newer, wrong):
            with self.subTest(machine.data.name):
                self.assertIn(str(machine.run("serve").code), final)

    def test_credentials_are_named_as_the_configuration_names_them(self):
        shown = self.new_machine("site", "mine", start=False).ok("config", "show").out
        keys = [line.split(" = ")[0] for line in shown.splitlines()]
        names = settings("skerry.service", "LoadCredential")
        self.assertGreaterEqual(len(names), 3)
        for name in names:  # no path: a path that is missing would end the start
            self.assertRegex(name, "^skerry[.][a-z_.]+$")
            self.assertIn(name.removeprefix("skerry.") + "_file", keys)

    def test_folders_that_need_not_be_there_do_not_end_the_start(self):
        for folder in settings("skerry.service", "ReadWritePaths"):
            self.assertRegex(folder, "^-/")


@unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
class Units(unittest.TestCase):
    def test_the_services_are_hardly_exposed(self):
        for unit in ("skerry.service", "skerry-exchange.service"):
            done = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}",
                 "--no-pager", str(ROOT / "systemd" / unit)],
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-500:] + done.stderr)

    def test_the_units_are_well_formed(self):
        units = [str(path) for path in sorted((ROOT / "systemd").glob("skerry*.[st]*"))
                 if path.suffix in (".service", ".socket", ".timer")]
        self.assertEqual(len(units), 4)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units],
                              capture_output=True, text=True, check=False)
        # /usr/bin/skerry is where it is installed, not where it is built.
        complaints = [line for line in done.stderr.splitlines()
                      if "/usr/bin/skerry is not executable" not in line]
        self.assertEqual([line for line in complaints if "skerry" in line], [])

    def test_the_configuration_that_is_installed_is_acceptable(self):
        text = (ROOT / "systemd" / "skerry.toml").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:  # whose folders this user may make
            file = Path(folder) / "skerry.toml"
            file.write_text(text.replace("/var/lib", folder), encoding="utf-8")
            done = subprocess.run([SKERRY, "config", "check", "--config", str(file)],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
