"""Files of records: modes, rejects, references, parents, saved mappings, bad input."""

import unittest

from importing import Import, rows_of


class Modes(Import):
    def test_all_or_nothing_writes_nothing_with_one_bad_row(self):
        outcome = self.take("customers", "name,account_ref,website\nAcme,A1,\nBolt,A2,nowhere\n")
        self.assertEqual(outcome.code, 65, outcome)
        error = outcome.document()["error"]
        self.assertEqual(error["code"], "bad_input")
        self.assertEqual(error["errors"][0]["pointer"], "row 3, column website")
        self.assertEqual(self.count("customer"), 0)

    def test_good_rows_only_writes_the_others_and_gives_the_rejects(self):
        rejects = self.folder / "rejects.csv"
        text = ("name,account_ref,website\nAcme,A1,\n\"Bolt, Inc\",A2,nowhere\n,A3,\n"
                "Dyn,A4,https://d.example\nEos\nFax,A1,\n")
        outcome = self.take("customers", text, "--mode", "good-rows-only", "--rejects", rejects)
        self.assertEqual(outcome.code, 3, outcome)
        report = outcome.document()
        self.assertEqual((report["created"], report["rejected"]), (2, 4))
        self.assertEqual([error["row"] for error in report["errors"]], [3, 4, 6, 7])
        left = rows_of(rejects.read_text(encoding="utf-8"))
        self.assertEqual([row["account_ref"] for row in left], 
                         ["A2", "A3", "the row has 1 field, the header has 3", "A1"])
        self.assertEqual(left[0]["name"], "Bolt, Inc")
        self.assertIn("website: is not an http or https address", left[0]["reason"])
        self.assertIn("stands in row 2", left[3]["reason"])
        # Mended, the file comes back with its column of reasons; what is not is refused again.
        mended = rejects.read_text(encoding="utf-8").replace("nowhere", "https://b.example")
        again = self.take("customers", mended, "--mode", "good-rows-only")
        report = again.document()
        self.assertEqual((report["created"], report["updated"], report["rejected"]), (1, 1, 2))
        self.assertEqual(report["ignored_columns"], ["reason"])
        self.assertEqual(self.count("customer"), 3)

    def test_rejects_that_cannot_be_written_stop_the_import_before_it_writes(self):
        text = "name,website\nAcme,\nBolt,nowhere\n"
        refused = self.take("customers", text, "--mode", "good-rows-only", "--rejects",
                            self.folder / "nowhere" / "r.csv")
        self.assertEqual(refused.code, 74, refused)
        self.assertEqual(self.count("customer"), 0)
        # And where nothing is rejected, no empty file is left.
        kept = self.folder / "kept.csv"
        self.take("customers", "name\nAcme\n", "--rejects", kept)
        self.assertFalse(kept.exists())
        self.assertEqual(self.count("customer"), 1)

    def test_a_dry_run_finds_every_error_and_writes_nothing(self):
        text = "name,account_ref,website,city\nAcme,A1,x,\nBolt,A2,y,\nCog,A3,,\nDyn,A3,,\n"
        outcome = self.take("customers", text, "--dry-run")
        self.assertEqual(outcome.code, 65, outcome)
        places = [(e["row"], e["column"], e["code"]) for e in outcome.document()["errors"]]
        self.assertEqual(places, [(2, "website", "bad_url"), (3, "website", "bad_url"),
                                  (5, "account_ref", "duplicate_row")])
        good = self.take("customers", "name\nAcme\nBolt\n", "--dry-run")
        self.assertEqual((good.code, good.document()["created"]), (0, 2), good)
        many = self.file("many.csv", "name,website\n" + "Many,x\n" * 1001)
        told = self.folder / "told.csv"
        listed = self.central.run("import", "customers", many, "--dry-run", "--rejects", told)
        self.assertIn("1 error more: --rejects", listed.out)
        self.assertEqual(len(rows_of(told.read_text(encoding="utf-8"))), 1001)
        self.assertEqual(self.count("customer"), 0)

    def test_the_same_file_twice_changes_nothing(self):
        text = "name,account_ref,roles,city\nAcme,A1,supplier;customer,Kiel\nBolt,A2,,\n"
        self.assertEqual(self.must_take("customers", text), [2, 0, 0, 0])
        self.assertEqual(self.must_take("customers", text), [0, 0, 2, 0])
        self.assertEqual(self.must_take("customers", text, "--mode", "good-rows-only"),
                         [0, 0, 2, 0])
        for kind, text in (("contacts", "customer_ref,email\nA1,a@x.example\nA2,a@x.example\n"),
                           ("locations", "customer_ref,name,city\nA1,Yard,Kiel\nA2,Yard,\n"),
                           ("notes", "customer_ref,text\nA1,called\nA2,called\n")):
            self.assertEqual(self.must_take(kind, text), [2, 0, 0, 0], kind)
            self.assertEqual(self.must_take(kind, text), [0, 0, 2, 0], kind)


    def test_the_run_that_was_meant_names_what_its_dry_run_names(self):
        self.must_take("customers", "name,account_ref\nAcme,A1\n")
        self.must_take("products", "sku,name,type\nP1,Pump,device\nS1,Tool,software\n")
        text = ("product_sku,serial,owner_ref,status\nP1,1,A1,\nP9,2,A1,\nP1,3,NO,broken\n"
                "S1,4,,\n")
        dry = self.take("assets", text, "--dry-run").document()["errors"]
        meant = self.take("assets", text).document()["error"]["errors"]
        self.assertEqual([f"row {e['row']}, column {e['column']}" for e in dry],
                         ["row 3, column product_sku", "row 4, column owner_ref",
                          "row 4, column status", "row 5, column product_sku"])
        self.assertEqual([(e["pointer"], e["code"], e["detail"]) for e in meant],
                         [(f"row {e['row']}, column {e['column']}", e["code"], e["detail"])
                          for e in dry])
        self.assertEqual(self.count("asset"), 0)

    def test_a_reference_goes_by_a_name_alone(self):
        self.must_take("customers", "name\nAcme\n")
        self.must_take("products", "sku,name,type\nP1,Pump,device\n")
        text = "product_sku,serial,owner_name\nP1,1,Acme\n"
        self.assertEqual(self.must_take("assets", text), [1, 0, 0, 0])
        (acme,) = self.central.http("GET", "/v1/customers").json()["items"]
        (asset,) = self.central.http("GET", "/v1/assets").json()["items"]
        self.assertEqual(asset["owner"], acme["id"])
        new = "product_sku,serial,Who\nP1,1,Bolt\n"
        refused = self.take("assets", new, "--map", "owner_name=Who")
        self.assertIn("no customer has the name Bolt", refused.err + refused.out)
        self.assertEqual(self.must_take("assets", new, "--map", "owner_name=Who",
                                        "--create-parents"), [0, 1, 0, 0])


class BadFiles(Import):
    def test_each_is_named_and_nothing_is_written(self):
        cases = [
            ("not UTF-8", b"name\nB\xf6lt\n", "not_utf8", "row 2, column name"),
            ("ragged", b"name,city\nAcme\n", "ragged_row", "row 2"),
            ("a header twice", b"name,Name\nA,B\n", "duplicate_header", "row 1, column 2"),
            ("an unknown header", b"name,Nmae\nA,B\n", "unknown_column", "row 1, column Nmae"),
            ("a cell of 10 MiB", b"name,city\nA," + b"x" * (10 << 20) + b"\n", "cell_too_long",
             "row 2, column city"),
            ("a NUL byte", b"name\nA\x00B\n", "nul_byte", "row 2, column name"),
            ("an open quote", b"name\nA\n\"B\n", "unclosed_quote", "row 3, column name"),
            ("nothing", b"", "empty_file", "file"),
        ]
        for what, text, code, place in cases:
            for options in ((), ("--mode", "good-rows-only"), ("--dry-run",)):
                with self.subTest(what=what, options=options):
                    rows_are_left_out = code in ("not_utf8", "ragged_row", "nul_byte",
                                                 "cell_too_long")
                    outcome = self.take("customers", text, *options)
                    if rows_are_left_out and "good-rows-only" in options:
                        self.assertEqual(outcome.code, 3, outcome)
                        continue
                    self.assertEqual(outcome.code, 65, outcome)
                    answer = outcome.document()
                    if "--dry-run" in options and "error" not in answer or answer["error"] is None:
                        self.assertEqual(answer["errors"][0]["code"], code, outcome)
                    else:
                        found = answer["error"]["errors"][0]
                        self.assertEqual((found["code"], found["pointer"]), (code, place))
        self.assertEqual(self.count("customer"), 0)

    def test_an_unknown_header_is_set_aside_when_somebody_says_so(self):
        text = "name,Colour,Size\nAcme,red,9\n"
        outcome = self.take("customers", text)
        self.assertIn("its fields are id, name", outcome.err)
        self.assertEqual(self.take("customers", text, "--ignore", "Colour").code, 65)
        report = self.take("customers", text, "--ignore", "colour", "--ignore", "Size").document()
        self.assertEqual(report["ignored_columns"], ["Colour", "Size"])
        report = self.take("customers", text, "--ignore-unknown", "--dry-run").document()
        self.assertEqual(report["ignored_columns"], ["Colour", "Size"])

    def test_references_to_nothing(self):
        outcome = self.take("contacts", "customer_ref,email\nA9,a@x.example\n")
        self.assertEqual(outcome.document()["error"]["errors"][0]["code"], "reference_not_found")
        outcome = self.take("contacts", "customer,email\n019a0000-0000-7000-8000-000000000000,"
                            "a@x.example\n")
        self.assertEqual(outcome.document()["error"]["errors"][0]["code"], "reference_not_found")


class References(Import):
    def test_parents_are_made_only_when_asked_for(self):
        text = "customer_ref,customer_name,name,city\nA1,Acme,Yard,Kiel\nA1,,Depot,\nA2,,Yard,\n"
        self.assertEqual(self.take("locations", text).code, 65)
        outcome = self.take("locations", text, "--create-parents", "--dry-run")
        self.assertEqual(outcome.document()["parents_created"], 2, outcome)
        self.assertEqual(self.count("customer"), 0)
        self.assertEqual(self.must_take("locations", text, "--create-parents"), [3, 0, 0, 0])
        names = {row["account_ref"]: row["name"] for row in rows_of(self.export("customers"))}
        self.assertEqual(names, {"A1": "Acme", "A2": "A2"})
        self.assertEqual(self.must_take("locations", text, "--create-parents"), [0, 0, 3, 0])

    def test_no_parent_is_left_of_a_row_that_is_rejected(self):
        text = "customer_ref,name,id\nA1,Yard,\nA2,Yard,xyz\n"
        outcome = self.take("locations", text, "--create-parents", "--mode", "good-rows-only")
        self.assertEqual(outcome.code, 3, outcome)
        self.assertEqual([row["account_ref"] for row in rows_of(self.export("customers"))], ["A1"])

    def test_notes_name_one_of_several_kinds(self):
        self.must_take("customers", "name,account_ref\nAcme,A1\n")
        self.must_take("locations", "customer_ref,name\nA1,Yard\n")
        text = "customer_ref,location_name,text\nA1,,of Acme\n,Yard,of the yard\n"
        self.assertEqual(self.must_take("notes", text), [2, 0, 0, 0])
        both = self.take("notes", "customer_ref,location_name,text\nA1,Yard,x\n")
        self.assertEqual(both.document()["error"]["errors"][0]["code"], "two_references")

    def test_mappings_are_saved_and_used_again(self):
        text = "Firm,Key,City\nAcme,A1,Kiel\n"
        self.must_take("customers", text, "--map", "name=Firm", "--map", "account_ref=Key",
                       "--set", "description=imported", "--save-mapping", "crm")
        self.assertEqual(self.must_take("customers", text, "--mapping", "crm"), [0, 0, 1, 0])
        shown = self.central.ok("mapping", "show", "crm", "--json").document()
        self.assertEqual(shown["map"], [{"field": "name", "header": "Firm"},
                                        {"field": "account_ref", "header": "Key"}])
        self.assertEqual(shown["set"], [{"field": "description", "value": "imported"}])
        self.assertEqual(len(self.central.ok("mapping", "list", "--json").lines()), 1)
        wrong = self.take("contacts", text, "--mapping", "crm")
        self.assertEqual(wrong.code, 64, wrong)
        self.assertIn("crm would be forgotten",
                      self.central.ok("mapping", "delete", "crm", "--dry-run").out)
        self.central.ok("mapping", "delete", "crm")
        self.assertEqual(self.take("customers", text, "--mapping", "crm").code, 1)
        (row,) = rows_of(self.export("customers"))
        self.assertEqual((row["description"], row["address.city"]), ("imported", "Kiel"))


if __name__ == "__main__":
    unittest.main()
