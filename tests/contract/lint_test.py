"""The document, linted by others' tools, its examples validated: Spectral and Redocly."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from served import served_document
from tools import HERE, SPECTRAL, environment, run_tests

LINT_SECONDS = 300


class LintTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = served_document()

    def lint(self, document, *command):
        """`command` with the document's file behind it."""
        with tempfile.TemporaryDirectory(prefix="skerry-contract-") as folder:
            file = Path(folder) / "openapi.json"
            file.write_text(json.dumps(document, indent=1), encoding="utf-8")
            return subprocess.run([*command, file], cwd=HERE, env=environment(), text=True,
                                  capture_output=True, check=False, timeout=LINT_SECONDS,
                                  stdin=subprocess.DEVNULL)

    def spectral(self, document):
        return self.lint(document, SPECTRAL, "lint", "--ruleset", "spectral.yaml",
                         "--fail-severity", "hint")

    def redocly(self, document):
        return self.lint(document, "node", "redocly.js", "redocly.yaml")

    def with_a_broken_example(self):
        """One operation of the document, with an example that does not fit."""
        broken = json.loads(json.dumps(self.document))
        post = broken["paths"]["/v1/customers"]["post"]
        post["requestBody"]["content"]["application/json"]["example"]["nonsense"] = 1
        broken["paths"] = {"/v1/customers": {"post": post}}
        return broken

    def test_spectral_finds_nothing(self):
        done = self.spectral(self.document)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_redocly_finds_nothing(self):
        done = self.redocly(self.document)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout), [])

    def test_both_would_find_an_example_that_does_not_fit(self):
        for linter in (self.spectral, self.redocly):
            with self.subTest(linter.__name__):
                done = linter(self.with_a_broken_example())
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("nonsense", done.stdout)


if __name__ == "__main__":
    run_tests()
