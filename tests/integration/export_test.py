"""Files of records of every kind: out, back, by keys, with custom fields, and real ones."""

import csv
import json
import unittest
from pathlib import Path

from importing import Import, rows_of


class Export(Import):
    def setUp(self):
        super().setUp()
        self.must_take("customers", "name,account_ref,roles,city,description\n"
                       "\"Acme, \"\"the\"\" firm\",A1,supplier,Köln,\"two\nlines\"\n"
                       "=1+1,A2,,,-5\n")
        made = self.central.create("customers", {"name": "  blanks  ", "roles": []})
        self.central.create("customers", {"name": "none", "roles": None})
        self.must_take("contacts", "customer_ref,email,is_key_contact\nA1,a@x.example,yes\n")
        self.must_take("locations", "customer_ref,name\nA1,Yard\n")
        self.must_take("notes", "customer_ref,text\nA1,\"called; \"\"later\"\"\"\n")
        self.central.create("contacts", {"customer": made["id"], "email": "b@x.example",
                                         "status": None, "is_key_contact": None})

    def test_comes_back_without_a_change(self):
        for kind in ("customers", "contacts", "locations", "notes"):
            with self.subTest(kind=kind):
                text = self.export(kind, "--archived", "include")
                rows = len(rows_of(text))
                self.assertGreater(rows, 0)
                self.assertEqual(self.must_take(kind, text), [0, 0, rows, 0])

    def test_makes_the_same_records_elsewhere(self):
        other = self.new_machine("central", "other")
        for kind in ("customers", "contacts", "locations", "notes"):
            text = self.export(kind)
            other.ok("import", kind, self.file("copy.csv", text))
            copy = rows_of(other.ok("export", kind).out)
            self.assertEqual(rows_of(text), copy)

    def test_filters_formats_and_files(self):
        (row,) = rows_of(self.export("customers", "account_ref=A2"))
        self.assertEqual((row["name"], row["description"]), ("=1+1", "-5"))
        lines = self.export("customers", "--format", "ndjson").splitlines()
        self.assertEqual(len(lines), 4)
        self.assertEqual({json.loads(line)["account_ref"] for line in lines}, {"A1", "A2", None})
        out = self.folder / "out.csv"
        self.central.ok("export", "customers", "--out", out)
        self.assertEqual(out.read_text(encoding="utf-8"), self.export("customers"))
        self.assertNotEqual(self.central.run("export", "customers", "--out", out).code, 0)
        self.assertEqual(self.central.run("export", "customers", "colour=red").code, 64)
        self.assertEqual(self.central.run("export", "gadgets").code, 64)


class Assets(Import):
    def test_things_find_each_other_by_their_keys(self):
        self.must_take("customers", "name,account_ref\nAcme,A1\nBolt,A2\n")
        self.must_take("locations", "customer_ref,name\nA1,Yard\nA2,Yard\nA2,Depot\n")
        files = [
            ("products", "sku,name,type\nP1,Pump,device\nP2,Pipe,device\nS1,Tool,software\n"),
            ("assets",
             "product_sku,serial,owner_ref,status\nP1,1,A1,spare\nP2,1,,\nP1,2,A2,down\n"),
            ("moves", "asset_serial,product_sku,to_location_name,to_location_customer_ref,"
             "arrived_at,tracking_number\n"
             "1,P1,Yard,A1,2026-01-02T03:04:05Z,\n1,P2,Yard,A2,2026-01-02T03:04:05Z,\n"
             "1,P1,Yard,A2,2026-02-02T03:04:05Z,T-1\n"),
        ]
        for kind, text in files:
            rows = len(rows_of(text))
            self.assertEqual(self.must_take(kind, text), [rows, 0, 0, 0], kind)
            self.assertEqual(self.must_take(kind, text), [0, 0, rows, 0], kind)
            exported = self.export(kind)
            self.assertEqual(self.must_take(kind, exported), [0, 0, rows, 0], kind)
        bolt = self.central.http("GET", "/v1/customers?account_ref=A2").json()["items"][0]["id"]
        (yard,) = [row["id"] for row in rows_of(self.export("locations", f"customer={bolt}"))
                   if row["name"] == "Yard"]
        stands = self.central.http("GET", "/v1/assets").json()["items"]
        self.assertEqual(sorted((one["serial"], one["location"] == yard) for one in stands),
                         [("1", True), ("1", True), ("2", False)])

    def test_what_is_wrong_with_them_is_named(self):
        self.must_take("products", "sku,name,type\nP1,Pump,device\nP2,Pipe,device\n")
        self.must_take("assets", "product_sku,serial\nP1,1\nP2,1\n")
        self.must_take("customers", "name,account_ref\nAcme,A1\n")
        self.must_take("locations", "customer_ref,name\nA1,Yard\n")

        def code(kind, text):
            outcome = self.take(kind, text)
            self.assertEqual(outcome.code, 65, outcome)
            return outcome.document()["error"]["errors"][0]["code"]

        move = "asset_serial,product_sku,to_location_name,arrived_at\n"
        self.assertEqual(code("moves", move + "1,,Yard,2026-01-02T03:04:05Z\n"), "ambiguous_key")
        self.assertEqual(code("moves", move + "1,P1,Gate,2026-01-02T03:04:05Z\n"),
                         "reference_not_found")
        self.assertEqual(code("moves", move + "1,P1,Yard,\n"), "required")
        self.assertEqual(code("assets", "product_sku,serial,disposal_price\nP1,3,1x\n"),
                         "bad_decimal")
        self.assertEqual(code("assets", "product_sku,serial,scrapped_on\nP1,3,2026-02-30\n"),
                         "bad_date")
        self.assertEqual(code("assets", "product_sku,serial,in_transit\nP1,3,true\n"),
                         "read_only_column")

    def test_parents_of_assets(self):
        text = "product_sku,product_name,serial,owner_ref\nP9,Pump,1,A9\nP9,,2,A9\n"
        outcome = self.take("assets", text, "--create-parents")
        self.assertEqual(outcome.document()["parents_created"], 2, outcome)
        (product,) = rows_of(self.export("products"))
        self.assertEqual((product["sku"], product["name"], product["type"]),
                         ("P9", "Pump", "device"))

    def test_custom_fields_are_columns(self):
        for key, body in (("colour", {"type": "option", "options": ["red", "light;blue"]}),
                          ("weight", {"type": "number"}), ("hot", {"type": "boolean"}),
                          ("seen", {"type": "date"}), ("memo", {"type": "text"})):
            self.central.create("custom_fields", {"record_kind": "customer", "key": key, **body})
        text = ("name,account_ref,custom.colour,custom.weight,custom.hot,custom.seen,custom.memo\n"
                "Acme,A1,red,1.5,yes,2026-03-02,\nBolt,A2,,-7,,,\"a, b\"\n")
        self.assertEqual(self.must_take("customers", text), [2, 0, 0, 0])
        self.assertEqual(self.must_take("customers", text), [0, 0, 2, 0])
        found = self.central.http("GET", "/v1/customers?account_ref=A1").json()["items"][0]
        self.assertEqual(found["custom"], {"colour": "red", "hot": True, "seen": "2026-03-02",
                                           "weight": 1.5})
        exported = self.export("customers")
        self.assertEqual(self.must_take("customers", exported), [0, 0, 2, 0])
        self.assertEqual(self.must_take("custom_fields", self.export("custom_fields")),
                         [0, 0, 5, 0])
        cleared = self.take("customers", "account_ref,name,custom.hot\nA1,Acme,\n")
        self.assertEqual(cleared.document()["updated"], 1)
        for column, cell, code in (("weight", "heavy", "wrong_type"),
                                   ("hot", "perhaps", "wrong_type"), ("seen", "today", "bad_date"),
                                   ("colour", "green", "bad_choice")):
            wrong = self.take("customers", f"name,custom.{column}\nCog,{cell}\n")
            error = wrong.document()["error"]["errors"][0]
            self.assertEqual((error["code"], error["pointer"]),
                             (code, f"row 2, column custom.{column}"))
        self.assertEqual(self.take("customers", "name,custom.none\nCog,1\n").code, 65)
        self.assertEqual(self.count("customer"), 2)


class RealData(Import):
    data = Path(__file__).resolve().parents[3] / "shared" / "data"

    def test_countries_regions_and_navaids(self):
        countries = self.data / "ourairports-countries.csv"
        if not countries.exists():
            self.skipTest(f"skipped: {countries} is not there")

        def take(kind, name, *options):
            outcome = self.central.run("import", kind, self.data / name, "--json", *options)
            self.assertIn(outcome.code, (0, 3), outcome)
            report = outcome.document()
            return [report[name] for name in ("created", "updated", "unchanged", "rejected")]

        jobs = (
            ("customers", "ourairports-countries.csv", ("--map", "account_ref=code"), "code"),
            ("locations", "ourairports-regions.csv",
             ("--map", "customer_ref=iso_country", "--map", "name=code",
              "--map", "address.region=name"), "code"),
            ("assets", "ourairports-navaids.csv",
             ("--map", "serial=id", "--map", "product_sku=type", "--map", "owner_ref=iso_country",
              "--map", "description=name", "--create-parents"), "id"),
        )
        for kind, name, options, key in jobs:
            with open(self.data / name, encoding="utf-8", newline="") as file:
                rows = len({row[key] for row in csv.DictReader(file)})
            self.assertEqual(take(kind, name, *options), [rows, 0, 0, 0], kind)
            self.assertEqual(take(kind, name, *options), [0, 0, rows, 0], kind)
            exported = self.file(f"{kind}-out.csv", self.export(kind))
            again = self.central.ok("import", kind, exported, "--json").document()
            self.assertEqual((again["created"], again["updated"]), (0, 0), kind)


if __name__ == "__main__":
    unittest.main()
