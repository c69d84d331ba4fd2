"""The tools of package.json, installed into build/contract; or why they are not there."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "build" / "contract"
FILES = ("package.json", "package-lock.json", ".npmrc")
NODE_MIN = (18, 18)
INSTALL_SECONDS = 600


class ToolsMissing(Exception):
    """Says what is missing and how to get it."""


def node_version():
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        raise ToolsMissing("node and npm are not installed: ./dev contract installs them")
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", text)
    version = (int(found.group(1)), int(found.group(2)))
    if version < NODE_MIN:
        raise ToolsMissing(f"node is {text.strip()}, the tools need {'.'.join(map(str, NODE_MIN))}")
    return version


def stamp():
    """Of what was installed: the same lock file under the same major version of node."""
    lock = (HERE / "package-lock.json").read_bytes()
    return f"{hashlib.sha256(lock).hexdigest()} node {node_version()[0]}\n"


def install():
    """Gives the folder of the programs. Scripts of packages are never run."""
    wanted, mark = stamp(), FOLDER / "installed"
    programs = FOLDER / "node_modules" / ".bin"
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return programs
    FOLDER.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
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
        reasons = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        raise ToolsMissing("npm ci failed, is there a network? " + "; ".join(reasons[:4]))
    mark.write_text(wanted, encoding="utf-8")
    return programs


def environment():
    """For the tools: none of them reports or asks for updates."""
    return {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
            "NO_UPDATE_NOTIFIER": "1", "CI": "1"}
