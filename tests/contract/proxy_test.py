"""The functional tests again, with Prism between them and the machine."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from served import served_document
from strict import strict
from tools import HERE, Prism, run_tests

INTEGRATION = HERE.parent / "integration"
TEST_SECONDS = 600

# They kill the machine in the middle of an answer, follow streams, move as much as they can, or
# run programs that speak to the machine themselves.
PAST_THE_PROXY = {"change_feed_test.py", "clients_test.py", "crash_test.py", "limits_test.py",
                  "real_data_test.py", "slow_clients_test.py", "tls_test.py"}


def speaks_http(file):
    text = file.read_text(encoding="utf-8")
    return any(call in text for call in (".http(", ".create(", ".edit(", ".get("))


class ProxyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="skerry-contract-")
        cls.addClassCleanup(folder.cleanup)
        cls.document = Path(folder.name) / "strict.json"
        cls.document.write_text(json.dumps(strict(served_document())), encoding="utf-8")
        cls.prism = Prism(cls.document)
        cls.addClassCleanup(cls.prism.stop)

    def run_through_it(self, file):
        env = {**os.environ, "SKERRY_PROXY": self.prism.address,
               "SKERRY_PROXY_DOCUMENT": str(self.document)}
        done = subprocess.run([sys.executable, "-B", file], env=env, capture_output=True, text=True,
                              check=False, timeout=TEST_SECONDS, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_broken_contract_is_found(self):
        self.run_through_it(HERE / "broken_answers_test.py")

    def test_every_operation_keeps_the_contract(self):
        self.run_through_it(HERE / "operations_test.py")

    def test_the_integration_tests_keep_the_contract(self):
        for file in sorted(INTEGRATION.glob("*_test.py")):
            if file.name not in PAST_THE_PROXY and speaks_http(file):
                with self.subTest(file.name):
                    self.run_through_it(file)


if __name__ == "__main__":
    run_tests()
