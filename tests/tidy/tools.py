"""Checks done by other programs, where they are installed."""

import re
import shutil
import subprocess

from sources import Finding

CLANG_FORMAT_MAJOR = "14"  # other majors lay out differently


def run(command, root):
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def check_shellcheck(sources, root):
    """Findings, or None when shellcheck is not installed."""
    if not shutil.which("shellcheck"):
        return None
    scripts = [s.path for s in sources if s.is_script]
    if not scripts:
        return []
    output = run(["shellcheck", "--format=gcc", *scripts], root).stdout
    return [Finding(path, int(line), message, "see the shellcheck wiki")
            for path, line, message in re.findall(r"^(.+?):(\d+):\d+: (.+)$", output, re.M)]


def find_clang_format(root):
    for name in (f"clang-format-{CLANG_FORMAT_MAJOR}", "clang-format"):
        if shutil.which(name):
            version = run([name, "--version"], root).stdout
            if re.search(rf"version {CLANG_FORMAT_MAJOR}\.", version):
                return name
    return None


def check_clang_format(sources, root):
    """One finding per file, at its first wrong line; None when clang-format 14 is not installed."""
    program = find_clang_format(root)
    if program is None:
        return None
    files = [s.path for s in sources if s.is_cpp]
    if not files:
        return []
    output = run([program, "--dry-run", *files], root).stderr
    first = {}
    for path, line in re.findall(r"^(.+?):(\d+):\d+: warning: code should be", output, re.M):
        first.setdefault(path, int(line))
    return [Finding(path, line, "not laid out by clang-format", "run ./dev format")
            for path, line in first.items()]
