"""The contract, judged by others' tools.

Spectral and Redocly lint it and validate its examples; the functional tests run through Prism,
which holds every request and answer against it.

Without node, npm or the packages it is skipped (exit status 77) with the reason; where
SKERRY_CONTRACT is "required", as ./dev contract has it, that is a failure.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from served import served_document
from strict import strict
from tools import FOLDER, ToolsMissing, environment, install

HERE = Path(__file__).resolve().parent
INTEGRATION = HERE.parent / "integration"
SKIPPED = 77
LINT_SECONDS = 300
TEST_SECONDS = 600


class ToolsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = served_document()
        cls.file = FOLDER / f"served-{os.getpid()}.json"
        cls.strict_file = FOLDER / f"strict-{os.getpid()}.json"
        cls.file.write_text(json.dumps(cls.document, indent=1), encoding="utf-8")
        cls.strict_file.write_text(json.dumps(strict(cls.document)), encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.file.unlink()
        cls.strict_file.unlink()

    def lint(self, document, program, *arguments):
        return subprocess.run([PROGRAMS / program, "lint", document, *arguments], cwd=HERE,
                              env=environment(), capture_output=True, text=True, check=False,
                              timeout=LINT_SECONDS, stdin=subprocess.DEVNULL)

    def spectral(self, document):
        return self.lint(document, "spectral", "--ruleset", "spectral.yaml",
                         "--fail-severity", "hint")

    def test_spectral_finds_nothing(self):
        done = self.spectral(self.file)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_spectral_validates_examples(self):
        """It does find an example that does not fit, so that its silence says something."""
        broken = json.loads(json.dumps(self.document))
        operation = broken["paths"]["/v1/customers"]["post"]
        operation["requestBody"]["content"]["application/json"]["example"]["nonsense"] = 1
        file = FOLDER / f"broken-{os.getpid()}.json"
        self.addCleanup(file.unlink)
        file.write_text(json.dumps(broken), encoding="utf-8")
        done = self.spectral(file)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nonsense", done.stdout)

    def test_redocly_finds_nothing(self):
        done = self.lint(self.file, "redocly", "--config", "redocly.yaml",
                         "--max-problems", "1000", "--format", "json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["problems"], [])

    def through_the_proxy(self, file):
        env = {**environment(), "SKERRY_PROXY": str(PROGRAMS / "prism"),
               "SKERRY_PROXY_DOCUMENT": str(self.strict_file)}
        done = subprocess.run([sys.executable, "-B", file], env=env, capture_output=True, text=True,
                              check=False, timeout=TEST_SECONDS, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_operation_keeps_the_contract(self):
        self.through_the_proxy(HERE / "operations_test.py")

    def test_the_integration_tests_keep_the_contract(self):
        for name in INTEGRATION_FILES:
            with self.subTest(name):
                self.through_the_proxy(INTEGRATION / name)


def speaks_http(file):
    text = file.read_text(encoding="utf-8")
    return any(call in text for call in (".http(", ".create(", ".edit(", ".get("))


# Not those that kill the machine in the middle of an answer, or move as much as they can.
INTEGRATION_FILES = sorted(file.name for file in INTEGRATION.glob("*_test.py")
                           if speaks_http(file) and file.name not in ("crash_test.py",
                                                                      "real_data_test.py"))

if __name__ == "__main__":
    try:
        PROGRAMS = install()
    except ToolsMissing as missing:
        print(f"contract: NOT CHECKED: {missing}", flush=True)
        sys.exit(1 if os.environ.get("SKERRY_CONTRACT") == "required" else SKIPPED)
    unittest.main(verbosity=2)
