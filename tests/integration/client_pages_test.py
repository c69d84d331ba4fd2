"""Every command and program of docs/clients is run as it stands there."""

import os
import re
import subprocess
import unittest
from pathlib import Path

from machine import MachineTest
from seats_world import sell

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh|python|cpp)\n(.*?)^```$", re.S | re.M)
PAGE_SECONDS = 400  # the C++ page compiles two programs


class ClientPagesTest(MachineTest):
    def setUp(self):
        super().setUp()
        self.machine = self.new_machine("central", "vendor")
        self.code, self.entitlement = sell(self.machine)

    def run_page(self, name):
        """Programs go into files of the name in their first line; commands run in their order."""
        page = (ROOT / "docs" / "clients" / name).read_text(encoding="utf-8")
        commands = ["set -euo pipefail"]
        for language, text in BLOCK.findall(page):
            if language == "sh":
                commands.append(text)
            else:
                (self.folder / text.split("\n")[0].split()[1]).write_text(text, encoding="utf-8")
        self.assertGreater(len(commands), 2, f"{name} has no commands")
        environment = {**os.environ, "CODE": self.code, "SKERRY_SOURCE": str(ROOT),
                       "SKERRY_SERVER": f"http://{self.machine.address}",
                       "PYTHONDONTWRITEBYTECODE": "1",
                       "SKERRY_TRUSTED_KEY": str(self.machine.data / "keys" / "sign.pub.pem"),
                       "PYTHONPATH": str(ROOT / "clients" / "python")}
        done = subprocess.run(["bash", "-c", "\n".join(commands)], cwd=self.folder, text=True,
                              env=environment, capture_output=True, check=False,
                              timeout=PAGE_SECONDS)
        self.assertEqual(done.returncode, 0, f"{name}:\n{done.stdout}\n{done.stderr}")
        self.assertEqual(self.pool()["in_use"], 0, "the page gives its seat back")
        return done.stdout

    def pool(self):
        return self.machine.http("GET", f"/v1/seat-pools/{self.entitlement}").json()

    def test_curl(self):
        out = self.run_page("curl.md")
        self.assertIn("Signature Verified Successfully\ntrue\ntrue\n204\n", out)
        self.assertIn('"left": 4', out)
        self.assertEqual(self.pool()["clones"], 0)

    def test_python(self):
        out = self.run_page("python.md")
        self.assertRegex(out, r"runs for \d+ seconds\ncores left: 6\nprints left: 90\n")

    def test_cpp(self):
        out = self.run_page("cpp.md")
        self.assertRegex(out, r"runs for [\d.]+ seconds\ncores left: 6\nprints left: 90\n")


if __name__ == "__main__":
    unittest.main()
