"""The files of every version, as its program wrote them, are read by the present one."""

import json
import tarfile
import unittest
from pathlib import Path

from golden import exported, schema_of
from machine import Machine, MachineTest, run

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
VERSIONS = sorted(path.parent for path in GOLDEN.glob("*/expected.json"))
PRESENT = run("version", "--json").document()["version"]


class Golden(MachineTest):
    def setUp(self):
        super().setUp()
        self.assertTrue(VERSIONS, f"there are no golden files in {GOLDEN}")

    def woken(self, version, role):
        """The golden machine of this role, put back on this one."""
        folder = self.folder / f"{version.name}-{role}"
        with tarfile.open(version / f"{role}.tar.xz") as tar:
            tar.extractall(folder)
        (folder / "data").chmod(0o700)
        machine = Machine.adopted(folder / "data", role)
        self.machines.append(machine)
        return machine.start()

    def each(self):
        for version in VERSIONS:
            yield version, json.loads((version / "expected.json").read_text(encoding="utf-8"))

    def test_a_database_and_a_bundle_of_a_site(self):
        for version, expected in self.each():
            central = self.woken(version, "central")
            taken = central.run("bundle", "import", version / "changes.skb", "--json")
            self.assertEqual(taken.code, 11, taken)
            self.assertEqual(taken.document()["outcome"], "applied")
            self.assertEqual(exported(central), expected["central"])
            self.assertEqual(central.status()["conflicts_open"], expected["conflicts_open"])
            self.assert_whole(central)

    def test_a_database_and_a_bundle_of_central(self):
        for version, expected in self.each():
            site = self.woken(version, "site")
            taken = site.run("bundle", "import", version / "state.skb", "--json")
            self.assertEqual(taken.code, 11, taken)
            self.assertEqual(taken.document()["outcome"], "applied")
            self.assertEqual(exported(site), expected["site"])
            self.assert_whole(site)

    def test_both_go_on_with_each_other(self):
        for version, _ in self.each():
            central, site = self.woken(version, "central"), self.woken(version, "site")
            medium = self.new_medium(f"stick-{version.name}")
            site.create("customers", {"name": "Of today"})
            for _ in range(3):  # the machines were put back, and find that out
                for machine in (site, central):
                    self.assertIn(machine.run("exchange", medium).code, (0, 3, 11, 13))
            self.assertEqual(exported(site), exported(central))

    def test_every_bundle_verifies_and_a_changed_one_does_not(self):
        for version, expected in self.each():
            for file in sorted(version.glob("*.skb")):
                key = expected["site_key" if file.stem in ("changes", "enrol") else "central_key"]
                whole = run("bundle", "verify", file, "--key", key)
                self.assertEqual(whole.code, 0, f"{file.name}: {whole}")
                changed = self.folder / file.name
                damaged = bytearray(file.read_bytes())
                damaged[700] ^= 1  # in the manifest
                changed.write_bytes(damaged)
                self.assertNotEqual(run("bundle", "verify", changed, "--key", key).code, 0)

    def test_the_present_version_has_its_own(self):
        self.assertIn(PRESENT, [version.name for version in VERSIONS],
                      "SKERRY=… python3 -B tests/golden/make.py")
        version = GOLDEN / PRESENT
        expected = json.loads((version / "expected.json").read_text(encoding="utf-8"))
        fresh = self.new_machine("central", "fresh", start=False)
        self.assertEqual(schema_of(fresh.data / "skerry.db"), expected["schema"],
                         "the schema was changed in place: if this version is not released yet, "
                         "run tests/golden/make.py --again; otherwise it needs a migration")


if __name__ == "__main__":
    unittest.main()
