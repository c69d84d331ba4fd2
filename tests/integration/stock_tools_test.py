"""A real bundle, checked by the script of the format document with stock tools only."""

import json
import shutil
import subprocess
import unittest
from pathlib import Path

from machine import MachineTest

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "formats" / "example" / "verify.sh"
TOOLS = ("tar", "openssl", "jq", "age", "zstd")


class StockTools(MachineTest):
    def setUp(self):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            self.skipTest(f"not installed: {' '.join(missing)}")
        super().setUp()

    def test_an_up_bundle_opens(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Plain to see"})
        site.ok("exchange", medium)
        bundle = sorted((medium / "SKERRY" / "central").rglob("u-*.skb"))[-1]
        done = subprocess.run(["sh", SCRIPT, bundle, site.data / "keys" / "sign.pub.pem",
                               central.data / "keys" / "age.key"], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertIn("Plain to see", json.dumps(lines))
        site.ok("bundle", "verify", bundle)
        checked = central.run("bundle", "verify", bundle)
        self.assertEqual(checked.code, 12, "central's own key did not sign it")


if __name__ == "__main__":
    unittest.main()
