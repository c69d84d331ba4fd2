"""What an SBOM names, held against the security tracker of Debian: with files made up here."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

INSTALLER = Path(__file__).resolve().parents[2] / "installer"


def known(status, fixed=None, urgency="high"):
    here = {"status": status, "urgency": urgency}
    if fixed:
        here["fixed_version"] = fixed
    return {"releases": {"bookworm": here, "sid": {"status": "open"}}}


class Vulnerable(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skerry-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def check(self, tracker, source="Debian source package openssl 3.0.15-1~deb12u1"):
        sbom = {"packages": [{"name": "skerry"}, {"name": "libssl3", "sourceInfo": source}]}
        files = []
        for name, held in (("sbom", sbom), ("tracker", tracker)):
            files.append(self.folder / name)
            files[-1].write_text(json.dumps(held), encoding="utf-8")
        done = subprocess.run([sys.executable, "-B", INSTALLER / "vulnerable.py", *files],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_what_debian_has_mended_must_be_there(self):
        code, told = self.check({"openssl": {"CVE-1": known("resolved", "3.0.16-1~deb12u1"),
                                             "CVE-2": known("resolved", "3.0.15-1~deb12u1"),
                                             "CVE-3": known("resolved", "0")}})
        self.assertEqual(code, 1, told)
        self.assertIn("CVE-1 (high) is mended in 3.0.16-1~deb12u1", told)
        self.assertNotIn("CVE-2", told)
        self.assertNotIn("CVE-3", told, "which is in no version of this release")

    def test_nothing_is_signed_that_was_not_held_against_it(self):
        (self.folder / "key.pem").touch()
        done = subprocess.run([INSTALLER.parent / "dev", "package", "--sign-key",
                               self.folder / "key.pem"], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("--tracker FILE", done.stderr)

    def test_what_nobody_has_mended_is_told(self):
        code, told = self.check({"openssl": {"CVE-4": known("open", urgency="low")},
                                 "zlib": {"CVE-5": known("resolved", "9")}})
        self.assertEqual(code, 0, told)
        self.assertIn("CVE-4 (low) is not mended by Debian yet", told)
        self.assertNotIn("CVE-5", told)

    def test_an_sbom_that_names_no_source_proves_nothing(self):
        code, told = self.check({}, source="")
        self.assertNotEqual(code, 0)
        self.assertIn("names no source package", told)

    def test_our_sbom_names_sources(self):
        made = subprocess.run([sys.executable, "-B", INSTALLER / "sbom.py", "/bin/sh", "1"],
                              capture_output=True, text=True, check=True)
        named = [each.get("sourceInfo") for each in json.loads(made.stdout)["packages"][1:]]
        self.assertTrue(all(each.startswith("Debian source package ") for each in named), named)
        self.assertTrue(any("glibc" in each for each in named), named)


if __name__ == "__main__":
    unittest.main()
