"""Lists, searches and a customer's page, from outside: the pages of a list hold each record once,
before and after a restart and on both sides of an exchange."""

import unittest
from urllib.parse import quote

from machine import MachineTest


class Lists(MachineTest):
    def pages(self, machine, path):
        """Every record of the list, by its Link headers."""
        records = []
        while path:
            answer = machine.http("GET", path)
            self.assertEqual(answer.status, 200, answer)
            records += answer.json()["items"]
            link = answer.headers.get("Link")
            path = link[1:link.index(">")] if link else None
        return records

    def fill(self, machine):
        """Forty assets: every fourth of Bakery's, all but two of which stand at Mill's plant."""
        bakery = machine.create("customers", {"name": "Bakery on the quay"})["id"]
        mill = machine.create("customers", {"name": "Mill"})["id"]
        plant = machine.create("locations", {"customer": mill, "name": "Plant"})["id"]
        scanner = {"sku": "P", "name": "Scanner", "type": "device"}
        product = machine.create("products", scanner)["id"]
        for number in range(40):
            asset = {"product": product, "serial": f"SN-{number:04}"}
            if number % 4 == 0:
                asset["owner"] = bakery
            made = machine.create("assets", asset)["id"]
            if number % 4 == 0 and number < 32:
                machine.create("moves", {"asset": made, "to_location": plant,
                                         "arrived_at": "2026-01-02T03:04:05Z"})
        return bakery, mill

    def test_each_record_once_on_both_sides(self):
        central, site, medium = self.new_pair()
        bakery, mill = self.fill(central)
        central.ok("exchange", medium)
        site.ok("exchange", medium)
        targets = [
            "/v1/assets?limit=7",
            "/v1/assets?limit=7&sort=-serial",
            f"/v1/assets?limit=3&owner={bakery}&sort=serial",
            f"/v1/assets?limit=3&at_customer={mill}",
            "/v1/assets?limit=3&q=sn",
            "/v1/assets?limit=3&location=null&owner=null",
        ]
        wanted = [40, 40, 10, 8, 40, 30]
        for target, count in zip(targets, wanted):
            with self.subTest(target):
                records = self.pages(central, target)
                self.assertEqual(len(records), count)
                self.assertEqual(len({record["id"] for record in records}), count)
                there = self.pages(site, target)
                self.assertEqual({record["id"] for record in there},
                                 {record["id"] for record in records})
        page = site.http("GET", f"/v1/customers/{mill}/summary?limit=3").json()
        self.assertEqual(page["counts"]["assets_on_location"], 8)
        self.assertEqual(len(page["assets_on_location"]["items"]), 3)
        self.assertEqual(len(self.pages(site, page["assets_on_location"]["all"])), 8)

    def test_a_cursor_survives_a_restart(self):
        machine = self.new_machine("central", "office")
        self.fill(machine)
        first = machine.http("GET", "/v1/assets?limit=15&q=sn").json()
        machine.restart()
        rest = self.pages(machine, f"/v1/assets?limit=15&q=sn&cursor={first['next_cursor']}")
        serials = [record["serial"] for record in first["items"] + rest]
        self.assertEqual(serials, [f"SN-{number:04}" for number in range(40)])

    def test_archived_records_are_found_by_name_only(self):
        machine = self.new_machine("central", "office")
        made = machine.http("POST", "/v1/customers", {"name": "Old Lighthouse",
                                                      "archived_at": "2026-01-01T00:00:00Z"})
        self.assertEqual(made.status, 201, made)
        self.assertEqual(self.pages(machine, "/v1/customers"), [])
        self.assertEqual(len(self.pages(machine, "/v1/customers?q=light")), 1)
        hits = machine.http("GET", f"/v1/search?q={quote('old light')}").json()["items"]
        self.assertEqual([(hit["kind"], hit["label"]) for hit in hits],
                         [("customer", "Old Lighthouse")])

    def test_what_is_not_known_is_named(self):
        machine = self.new_machine("central", "office")
        for target, word in [("/v1/customers?colour=red", "colour"),
                             ("/v1/customers?sort=colour", "colour"),
                             ("/v1/assets?custom.colour=red", "colour"),
                             ("/v1/assets?status=fine", "operational"),
                             ("/v1/assets?cursor=AAAA", "cursor")]:
            with self.subTest(target):
                answer = machine.http("GET", target)
                self.assertEqual(answer.status, 400, answer)
                self.assertIn(word, answer.body.decode())


if __name__ == "__main__":
    unittest.main()
