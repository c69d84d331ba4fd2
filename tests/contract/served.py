"""The OpenAPI document as the real program serves it, and its copy in docs/openapi.json."""

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "docs" / "openapi.json"

sys.path.insert(0, str(ROOT / "tests" / "integration"))
from machine import Machine  # noqa: E402  (found by the line above)


def served_document():
    """What a fresh central answers at /v1/openapi.json; a site's is the same."""
    with tempfile.TemporaryDirectory(prefix="skerry-contract-") as folder:
        machine = Machine(Path(folder) / "data", "central", "contract", proxied=False)
        machine.start()
        try:
            answer = machine.http("GET", "/v1/openapi.json")
        finally:
            machine.stop()
    assert answer.status == 200, answer
    return answer.json()


def copy_text(document):
    """The form of the copy: readable, and one line for each thing that can change."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read_copy():
    return json.loads(COPY.read_text(encoding="utf-8")) if COPY.exists() else None
