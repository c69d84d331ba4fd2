"""Real machines for tests: `skerry serve` in a temporary folder, with its command line and HTTP."""

import copy
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from validating_proxy import PROXY, check_contract, proxy_before

SKERRY = os.environ.get("SKERRY", "skerry")
READY_SECONDS = 30
COMMAND_SECONDS = 120
# Asked for all kinds, it now and then takes a part of a picture for a bar code.
READ_QR_CODES = ("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable")
# The public half of a recovery key; nobody has the other.
RECIPIENT = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"


class Outcome:
    """What a command left: exit code, stdout, stderr."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def lines(self):
        """stdout as JSON, one value a line."""
        return [json.loads(line) for line in self.out.splitlines() if line]

    def document(self):
        lines = self.lines()
        assert len(lines) == 1, f"one line of JSON expected: {self.out!r}"
        return lines[0]

    def __repr__(self):
        return f"exit {self.code}\nstdout: {self.out}\nstderr: {self.err}"


class Answer:
    """What an HTTP request brought."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"HTTP {self.status}: {self.body[:500]!r}"


def run(*arguments, stdin=subprocess.DEVNULL, env=None):
    """skerry ARGUMENTS…"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SKERRY_")}
    environment.update(env or {})
    done = subprocess.run([SKERRY, *map(str, arguments)], capture_output=True, text=True,
                          stdin=stdin, env=environment, timeout=COMMAND_SECONDS, check=False)
    return Outcome(done)


class Machine:
    """One initialised data folder, and its daemon while it runs."""

    def __init__(self, folder, role, name, config="", proxied=True):
        self.data = Path(folder)
        self.proxied = proxied and PROXY is not None
        self.role = role
        self.process = None
        self.address = None
        self.token = None
        made = run("init", "--role", role, "--name", name, "--data", self.data)
        assert made.code == 0, made
        text = "[listen]\naddress = \"127.0.0.1:0\"\n" + config
        (self.data / "skerry.toml").write_text(text, encoding="utf-8")

    @classmethod
    def adopted(cls, folder, role):
        """The machine of a data folder that is there already."""
        machine = cls.__new__(cls)
        machine.data, machine.role, machine.proxied = Path(folder), role, PROXY is not None
        machine.process = machine.address = machine.token = None
        machine.configure("")
        return machine

    def configure(self, config):
        text = "[listen]\naddress = \"127.0.0.1:0\"\n" + config
        (self.data / "skerry.toml").write_text(text, encoding="utf-8")

    def start(self):
        """Runs the daemon and waits until it says that it is ready."""
        with open(self.data / "log", "ab") as log:
            self.process = subprocess.Popen([SKERRY, "serve", "--data", str(self.data)],
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        assert line.startswith("ready tcp="), f"not ready: {line!r}\n{self.log()}"
        said = dict(word.split("=", 1) for word in line.split()[1:])
        self.address, self.tls = said["tcp"], said.get("tls")
        return self

    def take_lever(self):
        """Before start(): its clocks are moved by pass_time(), as those of a sandbox are."""
        subprocess.run(["sqlite3", str(self.data / "skerry.db"),
                        "INSERT INTO meta(key,value) VALUES('sandbox','1')"],
                       timeout=COMMAND_SECONDS, check=True)
        (self.data / "clock").write_bytes(bytes(16))
        return self

    def pass_time(self, seconds):
        """As if it had run so long: the wall clock and the one that only counts."""
        with open(self.data / "clock", "r+b", buffering=0) as lever:
            moved = [each + int(seconds * 1000) for each in struct.unpack("=qq", lever.read(16))]
            lever.seek(0)
            lever.write(struct.pack("=qq", *moved))

    def stop(self):
        """SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=READY_SECONDS)
        self.forget_process()
        return code

    def kill(self):
        """SIGKILL, as a power cut would."""
        self.process.kill()
        self.process.wait(timeout=READY_SECONDS)
        self.forget_process()

    def forget_process(self):
        self.process.stdout.close()
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def log(self):
        return (self.data / "log").read_text(encoding="utf-8", errors="replace")

    def run(self, *arguments):
        return run(*arguments, "--data", self.data)

    def ok(self, *arguments):
        """As run(), and it must succeed."""
        outcome = self.run(*arguments)
        assert outcome.code == 0, f"skerry {' '.join(map(str, arguments))}: {outcome}"
        return outcome

    def status(self):
        outcome = self.run("status", "--json")
        assert outcome.code in (0, 10, 11), outcome  # attention and conflicts are no failures
        return outcome.document()

    def digest(self, *arguments):
        return self.ok("digest", "--json", *arguments).document()["digest"]

    def http(self, method, path, body=None, headers=None):
        """A request with an administrator's token over TCP; through the proxy where there is one.

        A body that is no text is sent as JSON.
        """
        headers = dict(headers or {})
        data = None
        if body is not None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        address = proxy_before(self.address) if self.proxied else self.address
        answer = self.send(address, method, path, data, headers)
        if self.proxied:
            check_contract(f"{method} {path}", answer)
        return answer

    def straight(self, method, path, data=None):
        """As http(), with bytes, and past any proxy."""
        return self.send(self.address, method, path, data,
                         {"Content-Type": "application/octet-stream"} if data else {})

    def send(self, address, method, path, data, headers):
        if self.token is None:
            made = self.ok("token", "create", f"test {time.monotonic_ns()}", "--access",
                           "read,write,admin", "--json")
            self.token = made.document()["token"]
        request = urllib.request.Request(f"http://{address}{path}", data,
                                         {"Authorization": f"Bearer {self.token}", **headers},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=COMMAND_SECONDS) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def create(self, plural, body):
        answer = self.http("POST", f"/v1/{plural}", body)
        assert answer.status == 201, answer
        return answer.json()

    def get(self, plural, record):
        answer = self.http("GET", f"/v1/{plural}/{record}")
        assert answer.status == 200, answer
        return answer

    def edit(self, plural, record, patch):
        tag = self.get(plural, record).headers["ETag"]
        answer = self.http("PATCH", f"/v1/{plural}/{record}", patch,
                           {"If-Match": tag, "Content-Type": "application/merge-patch+json"})
        assert answer.status == 200, answer
        return answer.json()


class MachineTest(unittest.TestCase):
    """Gives temporary folders and machines, and ends them."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="skerry-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.machines = []
        self.addCleanup(self.end_machines)

    def end_machines(self):
        for machine in self.machines:
            if machine.process is not None:
                machine.kill()

    def new_machine(self, role, name, config="", start=True):
        machine = Machine(self.folder / f"{role}-{name}", role, name, config)
        self.machines.append(machine)
        return machine.start() if start else machine

    def twin_of(self, machine, name, with_anchor=False):
        """A running machine with a copy of the data folder, as it is now."""
        machine.stop()
        twin = copy.copy(machine)
        twin.data = self.folder / name
        shutil.copytree(machine.data, twin.data)
        if with_anchor:
            shutil.copytree(f"{machine.data}.anchor", f"{twin.data}.anchor")
        machine.start()
        self.machines.append(twin)
        return twin.start()

    def new_medium(self, name="stick"):
        medium = self.folder / name
        medium.mkdir()
        return medium

    def enrol(self, central, site, medium, name, scope="all"):
        """Invitation, answer, admission and first state, all by way of the medium."""
        central.ok("site", "invite", name, "--scope", scope, "--out", medium)
        answer = site.ok("enrol", medium, "--json").document()
        central.ok("site", "admit", answer["file"], "--fingerprint", answer["fingerprint"])
        site.ok("exchange", medium)
        return answer["site"]["id"]

    def new_pair(self):
        """A central, a site enrolled with it, and the medium between them."""
        central = self.new_machine("central", "vendor")
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        return central, site, medium

    def exchange(self, central, site, medium):
        """There and back: what the site has, central's answer, the site's receipt."""
        for machine in (site, central, site, central):
            outcome = machine.run("exchange", medium)
            self.assertIn(outcome.code, (0, 11), outcome)

    def assert_same_state(self, central, site):
        self.assertEqual(site.digest(), central.digest("--site", self.site_id))

    def assert_whole(self, machine):
        """The chains fit, and SQLite finds nothing wrong with the file."""
        machine.ok("audit", "verify")
        checked = subprocess.run(["sqlite3", f"file:{machine.data}/skerry.db?mode=ro",
                                  "PRAGMA integrity_check"], capture_output=True, text=True,
                                 timeout=COMMAND_SECONDS, check=False)
        self.assertEqual(checked.stdout.strip(), "ok", checked.stderr)


def wait_until(condition, seconds=COMMAND_SECONDS):
    """Asks again and again; for what no process announces."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)
