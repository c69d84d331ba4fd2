"""A central with records, and what a refusal looks like; for the tests of records."""

from machine import MachineTest

NOBODY = "0199c0de-0000-7000-8000-00000000dead"


class Records(MachineTest):
    def setUp(self):
        super().setUp()
        self.central = self.new_machine("central", "vendor")

    def post(self, path, body=None, headers=None):
        return self.central.http("POST", path, body, headers)

    def made(self, plural, **fields):
        return self.central.create(plural, fields)

    def read(self, plural, record):
        return self.central.get(plural, record["id"]).json()

    def ids(self, path):
        answer = self.central.http("GET", path)
        self.assertEqual(answer.status, 200, answer)
        return [item["id"] for item in answer.json()["items"]]

    def refused(self, answer, status, code, pointers=None):
        """A problem document, with the complaints at these places."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = answer.json()
        self.assertEqual(problem["code"], code, problem)
        if pointers is not None:
            found = [f"{error['pointer']} {error['code']}" for error in problem["errors"]]
            self.assertEqual(sorted(found), sorted(pointers))
        return problem

    def world(self):
        pump = self.made("products", sku="P", name="Pump", type="device")
        acme = self.made("customers", name="Acme")
        yard = self.made("locations", customer=acme["id"], name="Yard")
        dock = self.made("locations", customer=acme["id"], name="Dock")
        return pump, acme, yard, dock
