"""Files of offline machines as QR codes, read back by the reader of zbar where it is installed."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from machine import COMMAND_SECONDS, READ_QR_CODES, run

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
        read = subprocess.run([*READ_QR_CODES, picture], capture_output=True,
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

    def in_parts(self, count):
        """A request as a camera reads its codes (docs/formats/offline.md), the last one first."""
        asked = self.folder / "large"
        made = run("offline", "request", self.folder / "other-seat", asked, "--code",
                   self.folder / "code", "--product", "PRESS", "--seat-id", "away",
                   *(f"--amount=feature-{each}=1" for each in range(200)))
        self.assertEqual(made.code, 0, made)
        text = asked.read_text(encoding="utf-8")
        cuts = [len(text) * each // count for each in range(count + 1)]
        files = [self.folder / f"part-{each}" for each in range(count, 0, -1)]
        for number, file in zip(range(count, 0, -1), files):
            part = text[cuts[number - 1]:cuts[number]]
            file.write_text(f"{number}/{count}:{part}\n", encoding="utf-8")
        return text, files

    def join(self, *files, code=0, more=()):
        joined = run("offline", "join", *files, "--out", self.folder / "joined", *more)
        self.assertEqual(joined.code, code, joined)
        return joined

    def test_what_was_read_of_several_is_joined(self):
        text, files = self.in_parts(3)
        joined = self.folder / "joined"
        self.assertIn("would have", self.join(*files, more=("--dry-run",)).out)
        self.assertFalse(joined.exists())
        self.join(*files)
        self.assertEqual(joined.read_text(encoding="utf-8"), text)
        self.assertEqual(joined.stat().st_mode & 0o777, 0o600)
        for more in ((), ("--dry-run",)):
            self.join(*files, code=1, more=more)  # it is there
        joined.unlink()
        lines = "".join(file.read_text(encoding="utf-8") for file in files)
        (self.folder / "lines").write_text(lines, encoding="utf-8")
        self.join(self.folder / "lines", files[0])  # one that was read twice
        self.assertEqual(joined.read_text(encoding="utf-8"), text)
        joined.unlink()
        (self.folder / "one").write_text(self.request + "\n", encoding="utf-8")  # as zbarimg does
        self.join(self.folder / "one")
        self.assertEqual(joined.read_text(encoding="utf-8"), self.request)

    def test_what_does_not_join_is_said(self):
        _, files = self.in_parts(3)
        missing = self.join(files[0], files[2], code=BAD_INPUT)
        self.assertIn("part 2 of 3 is missing", missing.err)
        (self.folder / "another").write_text("2/3:{}\n", encoding="utf-8")
        twice = self.join(*files, self.folder / "another", code=BAD_INPUT)
        self.assertIn("part 2 of 3 is there twice", twice.err)
        self.assertIn("no parts of one",
                      self.join(self.folder / "request", self.folder / "large",
                                code=BAD_INPUT).err)
        self.join(self.folder / "code", code=BAD_INPUT)
        self.assertFalse((self.folder / "joined").exists())

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
