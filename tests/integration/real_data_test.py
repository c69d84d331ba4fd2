"""The S&P 500 companies through the whole loop, where the data lie beside the repository."""

import csv
import unittest
from pathlib import Path

from machine import MachineTest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "sp500-constituents.csv"


class RealData(MachineTest):
    def test_sp500(self):
        if not DATA.exists():
            self.skipTest(f"skipped: {DATA} is not there")
        with open(DATA, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        central = self.new_machine("central", "vendor")
        mapping = ("--map", "name=Security", "--map", "account_ref=Symbol")
        report = central.ok("import", "customers", DATA, *mapping, "--json").document()
        self.assertEqual(report["created"], len(rows))
        again = central.ok("import", "customers", DATA, *mapping, "--json").document()
        self.assertEqual((again["created"], again["updated"]), (0, 0))
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        self.assertEqual(site.status()["records"]["customer"], len(rows))
        found = site.http("GET", "/v1/customers?account_ref=MMM").json()["items"]
        self.assertEqual([one["name"] for one in found], ["3M"])
        site.edit("customers", found[0]["id"], {"description": "makes tape"})
        self.exchange(central, site, medium)
        self.assert_same_state(central, site)


if __name__ == "__main__":
    unittest.main()
