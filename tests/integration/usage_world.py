"""What tests of usage have in common: seats that a site gives, and what central hears of them."""

import subprocess
from pathlib import Path

from machine import MachineTest
from seats_world import Application, sell

VERIFY = Path(__file__).resolve().parents[2] / "docs" / "formats" / "example" / "verify.sh"
FAR = "2099-01-01T00:00:00.000Z"
SAID = ("id", "entitlement", "site", "what", "at", "activation", "machine", "user", "feature",
        "amount")


class UsageWorld(MachineTest):
    """Two seats, eight cores and a hundred prints, all of them with the site."""

    site_config = ""

    def setUp(self):
        super().setUp()
        self.central = self.new_machine("central", "vendor")
        self.site = self.new_machine("site", "mine", self.site_config)
        self.medium = self.new_medium()
        self.site_id = self.enrol(self.central, self.site, self.medium, "mine")
        self.code, self.entitlement = sell(self.central)
        self.customer = self.central.get("entitlements", self.entitlement).json()["customer"]
        self.allocation = self.central.create("allocations", {
            "entitlement": self.entitlement, "site": self.site_id, "seats": 2,
            "amounts": {"cores": 8, "prints": 100}, "until": FAR})["id"]
        self.carry()

    def carry(self):
        self.exchange(self.central, self.site, self.medium)

    def application(self, seat, machine=None):
        return Application(machine or self.site, self.code, seat)

    def work(self):
        """Two seats, one denial, one clone, five cores, thirty prints, one seat given back."""
        ann, bob = self.application("press-1"), self.application("press-2")
        self.assertEqual(ann.activate(user="ann.unmistakable").status, 201)
        self.assertEqual(bob.activate(user="bob.unmistakable").status, 201)
        self.assertEqual(self.application("press-3").activate(user="eve.unmistakable").status, 409)
        self.assertEqual(ann.call("POST", "/features/cores/checkout", {"amount": 5}).status, 200)
        self.assertEqual(ann.call("POST", "/features/prints/usage", {"amount": 30}).status, 200)
        clone = bob.clone()
        self.assertEqual(bob.call("POST", "/refresh").status, 200)
        self.assertEqual(clone.call("POST", "/refresh").status, 409)
        self.assertEqual(bob.call("DELETE").status, 204)
        return ann

    def facts(self, machine, query=""):
        answer = machine.http("GET", f"/v1/usage_facts?limit=200{query}")
        self.assertEqual(answer.status, 200, answer)
        return [{name: fact[name] for name in SAID} for fact in answer.json()["items"]]

    def summed(self, machine):
        """How much of each, by what happened and to which feature; the largest mark."""
        sums = {}
        for fact in self.facts(machine):
            key = (fact["what"], fact["feature"])
            if fact["what"] == "high_water":
                sums[key] = max(sums.get(key, 0), fact["amount"])
            else:
                sums[key] = sums.get(key, 0) + fact["amount"]
        return sums

    def opened(self, bundle):
        """The lines of a bundle to central, by stock tools alone."""
        done = subprocess.run(["sh", VERIFY, bundle, self.site.data / "keys" / "sign.pub.pem",
                               self.central.data / "keys" / "age.key"], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout
