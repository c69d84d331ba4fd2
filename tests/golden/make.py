#!/usr/bin/env python3
"""Makes the golden files of the present version: two machines and the bundles between them.

    SKERRY=build/dev/daemon/skerry python3 -B tests/golden/make.py [--again]

They go to tests/golden/VERSION and stay as they are from the release of that version on: every
later program must read them (tests/integration/golden_test.py). --again replaces those of a version
that is not released yet, when the schema was changed in place.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent
sys.path[:0] = [str(GOLDEN.parent / "integration"), str(GOLDEN.parent / "contract")]

from examples import one_of_each  # noqa: E402  (found by the line above)
from golden import exported, schema_of  # noqa: E402
from machine import Machine, run  # noqa: E402


def keep_folder(machine, archive):
    """The data folder of a stopped machine as a backup of everything would have it."""
    subprocess.run(["sqlite3", machine.data / "skerry.db", "PRAGMA wal_checkpoint(TRUNCATE)"],
                   check=True, capture_output=True)

    def whole(entry):
        left_out = {"log", "outbox", "spool", "skerry.sock", "address"}
        parts = Path(entry.name).parts
        if len(parts) > 1 and (parts[1] in left_out or parts[1].startswith("skerry.db-")):
            return None
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(archive, "w:xz") as tar:
        tar.add(machine.data, "data", filter=whole)


def write_records(central):
    """One of each kind that a client makes, by the document's own examples; the customer."""
    made = one_of_each(central.http("GET", "/v1/openapi.json").json(), central.create)
    central.edit("assets", made["asset"]["id"], {"custom": {"inspected_on": "2026-03-02"}})
    central.edit("customers", made["customer"]["id"],
                 {"address": {"line1": "Kai 1", "city": "Tromsø", "country": "NO"}})
    return made["customer"]


def make(target, folder):
    """The story: central's state, the site's changes, a conflict, central's answer."""
    central = Machine(folder / "central", "central", "Golden central", proxied=False).start()
    site = Machine(folder / "site", "site", "Golden site", proxied=False).start()
    medium = folder / "medium"
    medium.mkdir()
    acme = write_records(central)
    central.ok("site", "invite", "Golden site", "--out", medium)
    answer = site.ok("enrol", medium, "--json").document()
    central.ok("site", "admit", answer["file"], "--fingerprint", answer["fingerprint"])
    site.ok("exchange", medium)
    for name, kept in (("invitation", "invitation"), ("enrol", "enrol"), ("d", "snapshot")):
        (file,) = medium.rglob(f"{name}-*.skb")
        shutil.copy(file, target / f"{kept}.skb")

    site.create("notes", {"subject": acme["id"], "text": "Écrit à bord, 船上で書いた"})
    site.edit("customers", acme["id"], {"description": "of the site"})
    site.ok("bundle", "export", "--out", target / "changes.skb")
    central.edit("customers", acme["id"], {"description": "of central"})
    central.stop()
    keep_folder(central, target / "central.tar.xz")
    central.start()
    central.run("bundle", "import", target / "changes.skb")
    after_central = exported(central)
    central.ok("bundle", "export", "Golden site", "--out", target / "state.skb")
    site.stop()
    keep_folder(site, target / "site.tar.xz")
    site.start()
    site.run("bundle", "import", target / "state.skb")
    after_site = exported(site)
    story = {"schema": schema_of(central.data / "skerry.db"),
             "central_key": central.status()["sign_key"], "site_key": site.status()["sign_key"],
             "central": after_central, "site": after_site, "conflicts_open": 1}
    for machine in (central, site):
        machine.stop()
    (target / "expected.json").write_text(
        json.dumps(story, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--again", action="store_true", help="replace those of this version")
    again = parser.parse_args().again
    target = GOLDEN / run("version", "--json").document()["version"]
    if target.exists() and not again:
        raise SystemExit(f"{target} is there already: golden files stay as they are")
    if target.exists():
        shutil.rmtree(target)
    target.mkdir()
    with tempfile.TemporaryDirectory(prefix="skerry-golden-") as folder:
        make(target, Path(folder))
    for file in sorted(target.iterdir()):
        print(f"{file.stat().st_size:8}  {file.relative_to(GOLDEN)}")


if __name__ == "__main__":
    main()
