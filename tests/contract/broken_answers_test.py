"""Prism finds what is wrong: without this, its silence in the other tests would say nothing.

A stand-in gives each answer of the document with a body of another type, and each operation an
answer with a status that the document does not have. A schema that Prism cannot compile would take
anything, which it does not tell.
"""

import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from machine import Answer  # noqa: E402  (found by the line above)
from recorded import Recorder  # noqa: E402
from validating_proxy import DOCUMENT, ContractBroken  # noqa: E402

WRONG = json.dumps("a text where an object stands").encode()
UNKNOWN_STATUS = 299


class BrokenAnswersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = json.loads(Path(DOCUMENT).read_text(encoding="utf-8"))
        cls.recorder = Recorder()
        cls.addClassCleanup(cls.recorder.stop)

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield method.upper(), re.sub(r"{\w+}", "x", path), operation

    def assert_found(self, method, path, answer):
        with self.subTest(f"{method} {path} {answer.status}"), self.assertRaises(ContractBroken):
            self.recorder.check(answer, method, path, False)

    def test_a_body_of_another_type(self):
        for method, path, operation in self.operations():
            for status, response in operation["responses"].items():
                if "application/json" in response.get("content", {}):
                    answer = Answer(int(status), {"Content-Type": "application/json"}, WRONG)
                    self.assert_found(method, path, answer)

    def test_a_status_that_is_not_described(self):
        for method, path, _ in self.operations():
            self.assert_found(method, path, Answer(UNKNOWN_STATUS, {}, b""))


if __name__ == "__main__":
    if not os.environ.get("SKERRY_PROXY"):
        sys.exit("SKERRY_PROXY is not set: tests/contract/proxy_test.py runs this")
    unittest.main()
