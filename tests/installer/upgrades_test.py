"""Upgrades by the self-installing file: what becomes of the database, whatever a new version does.

The file is made of the real installer/run.sh around a program of a few lines; the commands of
systemd are played by others of the same name, on the PATH and in the folder of the test alone.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNITS = ("skerry.service", "skerry.socket", "skerry-exchange.service", "skerry-exchange.timer")
# A file that no process may make longer ends a copy as a full disk does; programs are shorter.
FULL_BYTES = 64 * 512
BIG = "x" * (2 * FULL_BYTES)

# What a version is, and what it may do when it is started.
PROGRAM = """#!/bin/sh
case $1 in
  version) echo "skerry {version}" ;;
  status) [ "$(cat "$PLAYED/runs" 2>/dev/null)" = {version} ] || exit 69 ;;
  serve) {serve} ;;
esac
"""
SERVES = 'echo "written by {version}" >>"$DATABASE"; echo {version} >"$PLAYED/runs"'
SILENT = 'echo nothing >"$PLAYED/runs"'
ENDS = "exit 1"
MIGRATES = 'sed -i "1s/.*/schema 2/" "$DATABASE"; ' + SERVES
OLD_ONLY = '[ "$(head -n 1 "$DATABASE")" = "schema 1" ] || exit 1; ' + SERVES

SYSTEMCTL = """#!/bin/sh
echo "$*" >>"$PLAYED/asked"
case "$*" in
  "start skerry.socket skerry.service")
    "$CURRENT" serve || { echo failed >"$PLAYED/runs"; exit 1; } ;;
  "start skerry-exchange.timer") : >"$PLAYED/timer" ;;
  stop*) rm -f "$PLAYED/runs" "$PLAYED/timer" ;;
  "is-active --quiet skerry-exchange.timer") [ -e "$PLAYED/timer" ] ;;
  "is-failed --quiet skerry.service") [ "$(cat "$PLAYED/runs")" = failed ] ;;
esac
"""
PLAYED = {"systemctl": SYSTEMCTL, "systemd-tmpfiles": "#!/bin/sh\n", "sleep": "#!/bin/sh\n"}


def write(file, text, mode=0o644):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def architecture():
    if not shutil.which("dpkg"):
        return "any"
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True,
                          check=True).stdout.strip()


class Upgrades(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.root = self.folder / "root"
        self.data = self.root / "var/lib/skerry"
        self.home = self.root / "opt/skerry"
        self.database = self.data / "skerry.db"
        self.saved = self.data / "before-upgrade"
        self.played = self.folder / "played"
        (self.root / "run/systemd/system").mkdir(parents=True)
        for name, text in PLAYED.items():
            write(self.played / "bin" / name, text, 0o755)
        self.environment = {**os.environ, "SKERRY_ROOT": str(self.root),
                            "PATH": f"{self.played}/bin:{os.environ['PATH']}",
                            "PLAYED": str(self.played), "DATABASE": str(self.database),
                            "CURRENT": str(self.home / "current/usr/bin/skerry")}

    def file_of(self, version, serve=SERVES):
        """The installer of a version that does this when it is started."""
        tree = self.folder / f"tree-{version}"
        shutil.rmtree(tree, ignore_errors=True)
        text = PROGRAM.replace("{serve}", serve).replace("{version}", version)
        write(tree / "usr/bin/skerry", text, 0o755)
        for unit in UNITS:
            write(tree / "lib/systemd/system" / unit, f"# of {version}\n")
        write(tree / "usr/lib/tmpfiles.d/skerry.conf", "")
        write(tree / "etc/skerry/skerry.toml", f"# of {version}\n")
        packed = self.folder / "payload.tar.gz"
        subprocess.run(["tar", "-czf", packed, "-C", tree, "."], check=True)
        made = self.folder / f"skerry-{version}.run"
        subprocess.run([ROOT / "installer/assemble.sh", version, architecture(), packed, made],
                       check=True)
        return made

    def run_file(self, file, command, full=False):
        limit = f"ulimit -f {FULL_BYTES // 512}; " if full else ""
        done = subprocess.run(["sh", "-c", f'{limit}exec sh "$0" "$1"', file, command],
                              env=self.environment, capture_output=True, text=True, check=False)
        done.said = done.stdout + done.stderr
        return done

    def ok(self, file, command="install"):
        done = self.run_file(file, command)
        self.assertEqual(done.returncode, 0, done.said)
        return done

    def fails(self, file, command="install", full=False):
        done = self.run_file(file, command, full)
        self.assertEqual(done.returncode, 1, done.said)
        return done

    def machine_of(self, version, serve=SERVES, more=""):
        """A machine at work, which that version has been installed on."""
        file = self.file_of(version, serve)
        self.data.mkdir(parents=True)
        self.database.write_text(f"schema 1\n{more}", encoding="utf-8")
        self.ok(file)
        self.assert_runs(version)
        return file

    def assert_runs(self, version):
        self.assertEqual((self.played / "runs").read_text().strip(), version)
        self.assertEqual(os.readlink(self.home / "current"), version)
        for unit in UNITS:
            unit = self.root / "usr/local/lib/systemd/system" / unit
            self.assertEqual(unit.read_text(), f"# of {version}\n")

    def lines(self, folder=None):
        return ((folder or self.data) / "skerry.db").read_text().splitlines()

    def test_each_upgrade_copies_the_database_anew(self):
        one, two = self.machine_of("1.0"), self.file_of("2.0")
        self.ok(two)
        self.assert_runs("2.0")
        self.assertEqual(self.lines(self.saved / "1.0"), ["schema 1", "written by 1.0"])
        self.ok(two, "rollback")
        self.assert_runs("1.0")
        self.ok(two)
        self.assertEqual(self.lines(self.saved / "1.0"),
                         ["schema 1", "written by 1.0", "written by 2.0", "written by 1.0"])
        self.ok(one, "uninstall")
        self.assertFalse(self.home.exists())
        self.assertEqual(self.lines()[-1], "written by 2.0")

    def test_the_version_that_is_here_is_put_right_and_nothing_is_copied(self):
        one = self.machine_of("1.0")
        (self.home / "1.0/usr/bin/skerry").write_text("damaged")
        self.ok(one)
        self.assert_runs("1.0")
        self.assertFalse(self.saved.exists())

    def test_a_rollback_keeps_what_was_written_since(self):
        self.machine_of("1.0")
        two = self.file_of("2.0")
        self.ok(two)
        self.ok(two, "rollback")
        self.assert_runs("1.0")
        self.assertEqual(self.lines(),
                         ["schema 1", "written by 1.0", "written by 2.0", "written by 1.0"])
        self.assertIn("no version before", self.fails(two, "rollback").said)

    def test_a_rollback_behind_a_migration_restores_and_keeps_both(self):
        self.machine_of("1.0", OLD_ONLY)
        two = self.file_of("2.0", MIGRATES)
        self.ok(two)
        self.assertEqual(self.lines(), ["schema 2", "written by 1.0", "written by 2.0"])
        self.assertIn("has its own again", self.ok(two, "rollback").said)
        self.assert_runs("1.0")
        self.assertEqual(self.lines(), ["schema 1", "written by 1.0", "written by 1.0"])
        self.assertEqual(self.lines(self.saved / "2.0"),
                         ["schema 2", "written by 1.0", "written by 2.0"])

    def test_a_new_version_that_says_nothing_is_taken_back(self):
        for serve in (SILENT, ENDS, "echo rubbish >$DATABASE; exit 1"):
            with self.subTest(serve):
                shutil.rmtree(self.data, ignore_errors=True)
                shutil.rmtree(self.home, ignore_errors=True)
                self.machine_of("1.0", OLD_ONLY)
                done = self.fails(self.file_of("2.0", serve))
                self.assertIn("going back to 1.0", done.said)
                self.assert_runs("1.0")
                self.assertEqual(self.lines(), ["schema 1", "written by 1.0", "written by 1.0"])

    def test_the_exchange_goes_on_if_it_was_arranged(self):
        self.machine_of("1.0")
        timer = self.played / "timer"
        self.ok(self.file_of("2.0"))
        self.assertFalse(timer.exists())
        timer.touch()
        self.fails(self.file_of("3.0", SILENT))
        self.assert_runs("2.0")
        self.assertTrue(timer.exists())

    def test_on_a_full_disk_the_version_before_goes_on_with_its_present_data(self):
        self.machine_of("1.0", more=BIG)
        two = self.file_of("2.0")
        self.ok(two)  # leaves a copy of 1.0's database, which will be old
        self.ok(two, "rollback")
        old, present = self.lines(self.saved / "1.0"), self.lines()
        self.assertNotEqual(old, present)
        serve = "echo 1.0 >$PLAYED/runs"  # writes nothing, as nothing could be
        write(self.home / "1.0/usr/bin/skerry",
              PROGRAM.replace("{serve}", serve).replace("{version}", "1.0"), 0o755)
        done = self.fails(two, full=True)
        self.assertIn("is the disk full?", done.said)
        self.assert_runs("1.0")
        self.assertEqual(self.lines(), present)
        self.assertEqual(self.lines(self.saved / "1.0"), old, "a copy cut off counts for none")

    def test_a_rollback_that_a_full_disk_ends_can_be_repeated(self):
        self.machine_of("1.0", OLD_ONLY, more=BIG)
        migrates_once = MIGRATES.replace("echo \"written", "[ -e $PLAYED/full ] || echo \"written")
        two = self.file_of("2.0", migrates_once.replace("sed -i", "[ -e $PLAYED/full ] || sed -i"))
        self.ok(two)
        old, present = self.lines(self.saved / "1.0"), self.lines()
        (self.played / "full").touch()
        self.assertIn("make space", self.fails(two, "rollback", full=True).said)
        self.assert_runs("2.0")
        self.assertEqual((self.lines(), self.lines(self.saved / "1.0")), (present, old))
        (self.played / "full").unlink()
        self.ok(two, "rollback")
        self.assert_runs("1.0")
        self.assertEqual(self.lines(), [*old, "written by 1.0"])

    def test_a_damaged_file_stops_nothing(self):
        self.machine_of("1.0")
        file = self.file_of("2.0")
        data = bytearray(file.read_bytes())
        data[-20] ^= 1
        file.write_bytes(data)
        (self.played / "asked").unlink()
        self.assertIn("damaged", self.fails(file).said)
        self.assertFalse((self.played / "asked").exists())
        self.assert_runs("1.0")


if __name__ == "__main__":
    unittest.main()
