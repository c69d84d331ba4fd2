"""Real tables through the whole loop, where the data lie beside the repository."""

import csv
import unittest
from pathlib import Path

from machine import MachineTest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"


class RealData(MachineTest):
    def data(self, name):
        file = FOLDER / name
        if not file.exists():
            self.skipTest(f"skipped: {file} is not there")
        return file

    def rows(self, file):
        with open(file, encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))

    def test_sp500(self):
        companies = self.data("sp500-constituents.csv")
        rows = self.rows(companies)
        central = self.new_machine("central", "vendor")
        mapping = ("--map", "name=Security", "--map", "account_ref=Symbol")
        report = central.ok("import", "customers", companies, *mapping, "--json").document()
        self.assertEqual(report["created"], len(rows))
        again = central.ok("import", "customers", companies, *mapping, "--json").document()
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

    def import_airports(self, central):
        """Countries as customers, their regions as locations, navigation aids as assets."""
        central.create("custom_fields", {"record_kind": "asset", "key": "lat", "type": "number"})
        tables = (
            ("customers", "ourairports-countries.csv", ("account_ref=code", "name=name"), ()),
            ("locations", "ourairports-regions.csv", ("customer_ref=iso_country", "name=code"), ()),
            ("assets", "ourairports-navaids.csv",
             ("serial=id", "product_sku=type", "owner_ref=iso_country", "description=name",
              "custom.lat=latitude_deg"),
             ("--create-parents",)),
        )
        for kind, name, mapping, more in tables:
            file = self.data(name)
            options = [part for one in mapping for part in ("--map", one)]
            report = central.ok("import", kind, file, *options, *more, "--json").document()
            self.assertEqual(report["created"], len(self.rows(file)), report)
            again = central.ok("import", kind, file, *options, *more, "--json").document()
            self.assertEqual((again["created"], again["updated"]), (0, 0), again)

    def test_airports_of_a_few_countries(self):
        self.data("ourairports-navaids.csv")
        central = self.new_machine("central", "vendor")
        self.import_airports(central)
        types = {row["type"] for row in self.rows(self.data("ourairports-navaids.csv"))}
        products = central.http("GET", "/v1/products").json()["items"]
        self.assertEqual({one["sku"] for one in products}, types)
        ids = []
        for code in ("DE", "NA", "CH"):
            found = central.http("GET", f"/v1/customers?account_ref={code}").json()["items"]
            ids += [one["id"] for one in found]
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine", scope=",".join(ids))
        wanted = [row for row in self.rows(self.data("ourairports-navaids.csv"))
                  if row["iso_country"] in ("DE", "NA", "CH")]
        records = site.status()["records"]
        self.assertEqual((records["customer"], records["asset"], records["product"]),
                         (3, len(wanted), len(types)))
        germany = site.http("GET", f"/v1/customers/{ids[0]}").json()
        germans = sum(1 for row in wanted if row["iso_country"] == "DE")
        self.assertEqual(germany["assets_owned"], germans)

        # Edited on both sides, moved at the site, exchanged until both are quiet.
        asset = site.http("GET", f"/v1/assets?owner={ids[0]}&limit=1").json()["items"][0]
        place = site.http("GET", f"/v1/locations?customer={ids[0]}&limit=1").json()["items"][0]
        site.edit("assets", asset["id"], {"status": "in_repair"})
        moved = site.http("POST", "/v1/assets:move",
                          {"assets": [asset["id"]], "to_location": place["id"],
                           "arrived_at": "2026-03-02T10:00:00Z"})
        self.assertEqual(moved.status, 201, moved)
        central.edit("assets", asset["id"], {"description": "seen from central"})
        self.exchange(central, site, medium)
        self.assert_same_state(central, site)
        for machine in (central, site):
            seen = machine.http("GET", f"/v1/assets/{asset['id']}").json()
            self.assertEqual((seen["location"], seen["status"], seen["description"]),
                             (place["id"], "in_repair", "seen from central"))
            customer = machine.http("GET", f"/v1/customers/{ids[0]}").json()
            self.assertEqual((customer["assets_on_location"], customer["assets_owned"]),
                             (1, germans))


if __name__ == "__main__":
    unittest.main()
