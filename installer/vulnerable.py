#!/usr/bin/env python3
"""Holds the libraries that an SBOM names against Debian's security tracker, without a network.

Usage: vulnerable.py SBOM TRACKER [RELEASE]

SBOM: skerry.spdx.json of a package. TRACKER: the file data/json of security-tracker.debian.org, in
whatever way it came here. RELEASE: of Debian, bookworm without it. Exit code 1 when Debian has
mended something that is not in what the SBOM names; what nobody has mended yet is only told.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

SOURCE = re.compile(r"Debian source package (\S+) (\S+)$")


def is_older(version, than):
    return subprocess.run(["dpkg", "--compare-versions", version, "lt", than],
                          check=False).returncode == 0


def sources(sbom):
    """(name, version) of the source package of each library, once."""
    found = {match.groups() for each in sbom["packages"]
             if (match := SOURCE.search(each.get("sourceInfo", "")))}
    if not found:
        sys.exit("vulnerable: the SBOM names no source package of Debian")
    return sorted(found)


def holes(tracker, release, name, version):
    """(hole, the version that has it mended or None, urgency)"""
    for hole, about in sorted(tracker.get(name, {}).items()):
        here = about.get("releases", {}).get(release)
        if here is None:
            continue
        fixed = here.get("fixed_version")
        if here["status"] == "open":
            yield hole, None, here.get("urgency", "unknown")
        elif here["status"] == "resolved" and is_older(version, fixed):
            yield hole, fixed, here.get("urgency", "unknown")


def main(sbom_file, tracker_file, release="bookworm"):
    sbom, tracker = (json.loads(Path(file).read_text(encoding="utf-8"))
                     for file in (sbom_file, tracker_file))
    behind = False
    for name, version in sources(sbom):
        for hole, fixed, urgency in holes(tracker, release, name, version):
            behind = behind or fixed is not None
            print(f"{name} {version}: {hole} ({urgency}) "
                  + (f"is mended in {fixed}" if fixed else "is not mended by Debian yet"))
    if behind:
        sys.exit(1)
    print("nothing that Debian has mended is missing")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
