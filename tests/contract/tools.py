"""The tools of package.json, installed into build/contract; or why they are not there.

A test that needs them ends with run_tests(): without node, npm or the packages it is skipped (exit
status 77) with the reason; where SKERRY_CONTRACT is "required", as ./dev contract has it, that is a
failure.
"""

import fcntl
import hashlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "build" / "contract"
SPECTRAL = FOLDER / "node_modules" / ".bin" / "spectral"
FILES = ("package.json", "package-lock.json", ".npmrc")
INSTALL_SECONDS = 600
READY_SECONDS = 60
SKIPPED = 77


class ToolsMissing(Exception):
    """Says what is missing and how to get it."""


def numbers(text):
    """The version in `text`, to compare."""
    return tuple(map(int, re.search(r"(\d+)\.(\d+)\.(\d+)", text).groups()))


def node_version():
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        raise ToolsMissing("node and npm are not installed: ./dev contract installs them")
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    needed = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["engines"]["node"]
    if numbers(text) < numbers(needed):
        raise ToolsMissing(f"node is {text.strip()}, the tools need {needed}")
    return numbers(text)


def stamp():
    """Of what was installed: the same lock file under the same major version of node."""
    lock = (HERE / "package-lock.json").read_bytes()
    return f"{hashlib.sha256(lock).hexdigest()} node {node_version()[0]}\n"


def install():
    """Scripts of packages are never run. Of several at once, the first installs."""
    wanted, mark = stamp(), FOLDER / "installed"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
            mark.unlink(missing_ok=True)
            fetch_packages()
            mark.write_text(wanted, encoding="utf-8")


def fetch_packages():
    for name in FILES:
        shutil.copyfile(HERE / name, FOLDER / name)
    command = ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--fetch-retries=1",
               "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False,
                              timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as late:
        raise ToolsMissing(f"npm ci took more than {INSTALL_SECONDS} seconds") from late
    if done.returncode != 0:
        reasons = [line for line in done.stderr.splitlines() if re.match("npm err", line, re.I)]
        raise ToolsMissing("npm ci failed, is there a network? " + "; ".join(reasons[:4]))


def environment():
    """For the tools: where their packages are; and none of them asks for updates."""
    return {**os.environ, "NODE_PATH": str(FOLDER / "node_modules"), "NO_UPDATE_NOTIFIER": "1",
            "CI": "1"}


class Prism:
    """A running prism.js; `address` is that of its switchboard."""

    def __init__(self, document):
        self.process = subprocess.Popen(["node", HERE / "prism.js", document], text=True,
                                        env=environment(), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        ready, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("ready "):
            self.process.kill()
            raise AssertionError(f"Prism is not ready: {line!r}")
        self.address = line.split()[1]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def run_tests():
    """unittest.main() with the tools."""
    try:
        install()
    except ToolsMissing as missing:
        print(f"contract: NOT CHECKED: {missing}", flush=True)
        sys.exit(1 if os.environ.get("SKERRY_CONTRACT") == "required" else SKIPPED)
    unittest.main(verbosity=2)
