"""Files of offline machines as QR codes, read back by the reader of zbar where it is installed."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from machine import COMMAND_SECONDS, run

BAD_INPUT, USAGE = 65, 64


class QrTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skerry-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "code").write_text("K7QF2-9XWMC", encoding="utf-8")
        made = run("offline", "request", self.folder / "seat", self.folder / "request", "--code",
                   self.folder / "code", "--product", "PRESS", "--seat-id", "away")
        self.assertEqual(made.code, 0, made)
        self.request = (self.folder / "request").read_text(encoding="utf-8")

    def qr(self, *options, file="request"):
        return run("offline", "qr", self.folder / file, *options)

    @unittest.skipUnless(shutil.which("zbarimg"), "zbar-tools is not installed")
    def test_a_reader_reads_it(self):
        picture = self.folder / "request.png"
        self.assertEqual(self.qr("--as", "png", "--out", picture).code, 0)
        read = subprocess.run(["zbarimg", "--quiet", "--raw", picture], capture_output=True,
                              text=True, timeout=COMMAND_SECONDS, check=True).stdout
        self.assertEqual(read.rstrip("\n"), self.request.rstrip("\n"))

    def test_text_is_for_a_terminal_and_files_are_private(self):
        shown = self.qr()
        self.assertEqual(shown.code, 0, shown)
        lines = shown.out.splitlines()
        self.assertGreaterEqual(len(set(map(len, lines))), 1)
        self.assertEqual({len(line) for line in lines}, {len(lines[0])})
        self.assertEqual(self.qr("--json").document()["bytes"], len(self.request))
        picture = self.folder / "request.svg"
        self.assertEqual(self.qr("--as", "svg", "--out", picture).code, 0)
        self.assertTrue(picture.read_text(encoding="utf-8").startswith("<svg "))
        self.assertEqual(picture.stat().st_mode & 0o777, 0o600)
        self.assertNotEqual(self.qr("--as", "svg", "--out", picture).code, 0)  # it is there

    def test_what_one_code_does_not_hold_is_in_several(self):
        (self.folder / "large").write_text("x" * 2954, encoding="utf-8")
        self.assertEqual(len(self.qr("--json", file="large").document()["codes"]), 3)
        drawn = self.qr("--as", "svg", "--out", self.folder / "large.svg", file="large")
        self.assertEqual(drawn.code, 0, drawn)
        self.assertIn("in any order", drawn.out)
        for number in (1, 2, 3):
            self.assertTrue((self.folder / f"large-{number}.svg").exists())

    def test_what_is_too_large_says_what_to_do(self):
        (self.folder / "large").write_text("x" * 99_001, encoding="utf-8")
        refused = self.qr(file="large")
        self.assertEqual(refused.code, BAD_INPUT, refused)
        self.assertIn("99001 bytes", refused.err)
        self.assertIn("carry the file", refused.err)
        self.assertEqual(self.qr("--as", "png").code, USAGE)
        self.assertNotEqual(self.qr("--as", "gif").code, 0)


if __name__ == "__main__":
    unittest.main()
