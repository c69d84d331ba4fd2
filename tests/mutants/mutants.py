#!/usr/bin/env python3
"""Breaks each rule of reconciliation in turn: the simulator must notice every one.

  mutants.py --check                 every break still fits the sources
  mutants.py --build FOLDER [NAME…]  compiles each into a simulator of its own, and runs it

A broken file is compiled from a copy, by the command that compiled the real one, and linked before
the library that has the real one. The sources and the program know nothing of it.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from rules import BREAKS

ROOT = Path(__file__).resolve().parents[2]
NOTICED = re.compile(r"^seed (\d+) fails\n(.*)$", re.M)


def complaint(each):
    """Why a break cannot be made; None when it can."""
    found = (ROOT / each.file).read_text(encoding="utf-8").count(each.before)
    return None if found == 1 else f"{each.name}: {each.file} has its text {found} times, not once"


def check():
    complaints = [text for text in map(complaint, BREAKS) if text]
    if len({each.name for each in BREAKS}) != len(BREAKS):
        complaints.append("two breaks have one name")
    print("\n".join(complaints) or f"{len(BREAKS)} breaks fit the sources")
    return 1 if complaints else 0


class Workshop:
    """Makes simulators with one rule broken."""

    def __init__(self, build):
        self.build = build
        self.folder = build / "mutants"
        self.folder.mkdir(exist_ok=True)
        commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
        self.commands = {entry["file"]: entry for entry in commands}
        steps = subprocess.run(["ninja", "-C", build, "-t", "commands", "skerry_sim"], check=True,
                               capture_output=True, text=True).stdout
        self.link = next(line for line in reversed(steps.splitlines()) if "-o tests/" in line)

    def make(self, each):
        """The broken simulator."""
        source = self.folder / f"{each.name}.cpp"
        text = (ROOT / each.file).read_text(encoding="utf-8")
        source.write_text(text.replace(each.before, each.after), encoding="utf-8")
        entry = self.commands[str(ROOT / each.file)]
        words = shlex.split(entry["command"])
        compiled = source.with_suffix(".o")
        words[words.index("-o") + 1] = str(compiled)
        words[words.index("-c") + 1] = str(source)
        # Without warnings: what a rule used is unused when it is gone.
        subprocess.run([*words, "-w"], cwd=entry["directory"], check=True)
        program = source.with_suffix("")
        link = re.sub(r"-o tests/\S+", f"{shlex.quote(str(compiled))} -o "
                                       f"{shlex.quote(str(program))}", self.link)
        subprocess.run(link, shell=True, cwd=self.build, check=True)
        return program


def run(program, each):
    """The first seed that fails and why; None when none does."""
    worlds = ["--disasters"] if each.disasters else []
    done = subprocess.run([program, "--failures", "1", "--seeds", str(each.seeds), *worlds],
                          capture_output=True, text=True, check=False)
    found = NOTICED.search(done.stdout)
    if found:
        return f"seed {found[1]}: {found[2].strip()[:90]}"
    return None if done.returncode in (0, 1) else f"it died: {done.returncode}"


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--build", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args(arguments)
    if options.check or not options.build:
        return check()
    unknown = set(options.names) - {each.name for each in BREAKS}
    if unknown:
        parser.error(f"there is no break {', '.join(sorted(unknown))}")
    workshop = Workshop(options.build.resolve())
    missed = []
    for each in BREAKS:
        if options.names and each.name not in options.names:
            continue
        began = time.monotonic()
        how = run(workshop.make(each), each)
        print(f"{each.name}: {how or 'NOT NOTICED'} ({time.monotonic() - began:.0f} s)",
              flush=True)
        if not how:
            missed.append(f"{each.name} ({each.rule})")
    print("\n".join(["not noticed:", *missed]) if missed else "every break was noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
