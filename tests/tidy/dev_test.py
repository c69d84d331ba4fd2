"""./dev test on a machine without node, where nothing is what it seems: each command is a stub."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REAL = ("bash", "cat", "cut", "dirname", "env", "grep", "mkdir", "nproc", "sleep", "tail")
INSTALLED = 'case $* in *nodejs* | *npm*) exit 1 ;; esac\necho "ii "'
TIMEOUT_SECONDS = 60


class BareMachineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="skerry-dev-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        shutil.copy(ROOT / "dev", self.folder / "dev")
        self.stub("dpkg-query", INSTALLED)
        self.stub("id", "echo 0")
        self.stub("cmake")
        self.stub("ctest")

    def stub(self, name, script="exit 0"):
        """A command that notes how it was called."""
        file = self.bin / name
        file.write_text(f'#!{shutil.which("bash")}\necho "{name} $*" >>{self.folder}/calls\n'
                        f"{script}\n", encoding="utf-8")
        file.chmod(0o755)

    def run_dev_test(self):
        done = subprocess.run([self.folder / "dev", "test", "dev", "-L", "unit"], text=True,
                              env={"PATH": str(self.bin)}, capture_output=True, check=False,
                              timeout=TIMEOUT_SECONDS, stdin=subprocess.DEVNULL)
        calls = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return done, [call for call in calls if not call.startswith(("dpkg-query", "id "))]

    def test_node_is_installed_before_the_tests_run(self):
        self.stub("apt-get")
        done, calls = self.run_dev_test()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        installed = next(i for i, call in enumerate(calls) if call.endswith(" nodejs npm"))
        self.assertIn("--no-install-recommends", calls[installed])
        tested = next(i for i, call in enumerate(calls) if call.startswith("ctest"))
        self.assertLess(installed, tested)
        self.assertTrue(calls[tested].endswith("-L unit"))
        self.assertNotIn("skipped", done.stdout)

    def test_what_cannot_be_installed_is_said_and_the_others_run(self):
        self.stub("apt-get", "exit 100")
        done, calls = self.run_dev_test()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("contract_lint and contract_proxy are skipped", done.stdout)
        self.assertIn("apt-get install nodejs npm", done.stderr)
        self.assertTrue(calls[-1].startswith("ctest"), calls)

    def test_a_node_that_is_there_is_left_alone(self):
        for name in ("node", "npm"):
            self.stub(name)
        done, calls = self.run_dev_test()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertFalse([call for call in calls if call.startswith("apt-get")])


if __name__ == "__main__":
    unittest.main()
