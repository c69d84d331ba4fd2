"""Prism between a test and a machine: each request and answer is held against the document.

Only where SKERRY_PROXY names the switchboard of tests/contract/prism.js, and SKERRY_PROXY_DOCUMENT
the document that it read; otherwise the tests speak to the machine itself.
"""

import functools
import json
import os
import urllib.request

PROXY = os.environ.get("SKERRY_PROXY")
DOCUMENT = os.environ.get("SKERRY_PROXY_DOCUMENT")
SWITCHBOARD_SECONDS = 30


class ContractBroken(AssertionError):
    pass


@functools.cache
def proxy_before(address):
    """The address of a proxy before `address`; whoever listens there next has it, too."""
    with urllib.request.urlopen(f"http://{PROXY}/{address}",
                                timeout=SWITCHBOARD_SECONDS) as response:
        return response.read().decode()


def check_contract(name, answer):
    """A wrong answer breaks the contract; so does a wrong request that was taken all the same.

    Prism's own --errors would keep wrong requests from the machine, and with them every test of a
    refusal; what it found stands in a header without it, too.
    """
    if answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        kind = str(json.loads(answer.body).get("type", ""))
        if "stoplight.io/prism" in kind:
            raise ContractBroken(f"{name}: the document does not have this: {answer.body!r}")
    found = json.loads(answer.headers.get("sl-violations", "[]"))
    broken = [each for each in found
              if each["location"][0] == "response" or answer.status < 300]
    if broken:
        raise ContractBroken(f"{name}: HTTP {answer.status} breaks the contract: {broken}")
