"""Files of records in and out: modes, rejects, references, parents, sessions, and the way back."""

import csv
import io
import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

from machine import SKERRY, MachineTest, wait_until


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


class Import(MachineTest):
    def setUp(self):
        super().setUp()
        self.central = self.new_machine("central", "vendor")

    def file(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def take(self, kind, text, *options):
        return self.central.run("import", kind, self.file(f"{kind}.csv", text), "--json", *options)

    def must_take(self, kind, text, *options):
        outcome = self.take(kind, text, *options)
        self.assertEqual(outcome.code, 0, outcome)
        report = outcome.document()
        return [report[name] for name in ("created", "updated", "unchanged", "rejected")]

    def count(self, kind):
        return self.central.status()["records"][kind]

    def export(self, kind, *options):
        return self.central.ok("export", kind, *options).out


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
        self.assertEqual([row["account_ref"] for row in left], ["A2", "A3", "", "A1"])
        self.assertEqual(left[0]["name"], "Bolt, Inc")
        self.assertIn("website: is not an http or https address", left[0]["reason"])
        self.assertIn("stands in row 2", left[3]["reason"])
        # Mended, the file comes back with its column of reasons.
        mended = rejects.read_text(encoding="utf-8").replace("nowhere", "https://b.example")
        again = self.take("customers", mended, "--mode", "good-rows-only")
        report = again.document()
        self.assertEqual((report["created"], report["updated"], report["rejected"]), (2, 1, 1))
        self.assertEqual(report["ignored_columns"], ["reason"])
        self.assertEqual(self.count("customer"), 4)

    def test_a_dry_run_finds_every_error_and_writes_nothing(self):
        text = "name,account_ref,website,city\nAcme,A1,x,\nBolt,A2,y,\nCog,A3,,\nDyn,A3,,\n"
        outcome = self.take("customers", text, "--dry-run")
        self.assertEqual(outcome.code, 65, outcome)
        places = [(e["row"], e["column"], e["code"]) for e in outcome.document()["errors"]]
        self.assertEqual(places, [(2, "website", "bad_url"), (3, "website", "bad_url"),
                                  (5, "account_ref", "duplicate_row")])
        good = self.take("customers", "name\nAcme\nBolt\n", "--dry-run")
        self.assertEqual((good.code, good.document()["created"]), (0, 2), good)
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


class BadFiles(Import):
    def test_each_is_named_and_nothing_is_written(self):
        cases = [
            ("not UTF-8", b"name\nB\xf6lt\n", "not_utf8", "row 2, column name"),
            ("ragged", b"name,city\nAcme\n", "ragged_row", "row 2"),
            ("a header twice", b"name,Name\nA,B\n", "duplicate_header", "row 1, column column 2"),
            ("an unknown header", b"name,Nmae\nA,B\n", "unknown_column", "row 1, column Nmae"),
            ("a cell of 10 MiB", b"name,city\nA," + b"x" * (10 << 20) + b"\n", "cell_too_long",
             "row 2, column city"),
            ("a NUL byte", b"name\nA\x00B\n", "nul_byte", "row 2, column name"),
            ("an open quote", b"name\nA\n\"B\n", "unclosed_quote", "row 3, column name"),
            ("nothing", b"", "empty_file", "file"),
            ("no rows", b"name\n", "no_rows", "row 1"),
        ]
        for what, text, code, place in cases:
            for options in ((), ("--mode", "good-rows-only"), ("--dry-run",)):
                with self.subTest(what=what, options=options):
                    rows_are_left_out = code in ("not_utf8", "ragged_row", "nul_byte")
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
        self.assertIn("nearest", outcome.err)
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
        self.central.ok("mapping", "delete", "crm")
        self.assertEqual(self.take("customers", text, "--mapping", "crm").code, 1)
        (row,) = rows_of(self.export("customers"))
        self.assertEqual((row["description"], row["address.city"]), ("imported", "Kiel"))


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
            for row in rows_of(text):  # blanks around a value do not count in a file
                row["name" if "name" in row else "id"] = row.get("name", row["id"]).strip()
                self.assertIn(row, copy)

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
            ("assets", "product_sku,serial,owner_ref,status\nP1,1,A1,spare\nP2,1,,\nP1,2,A2,down\n"),
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
        for column, cell in (("weight", "heavy"), ("hot", "perhaps"), ("seen", "today"),
                             ("colour", "green")):
            wrong = self.take("customers", f"name,custom.{column}\nCog,{cell}\n")
            error = wrong.document()["error"]["errors"][0]
            self.assertEqual((error["code"], error["pointer"]),
                             ("wrong_type", f"row 2, column custom.{column}"))
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


class Sessions(Import):
    rows = 60_000

    def big_file(self, bad_last=False):
        lines = ["name,account_ref"] + [f"Customer {i},A{i}" for i in range(self.rows)]
        if bad_last:
            lines.append(",B")
        return self.file("big.csv", "\n".join(lines) + "\n")

    def post(self, path, file):
        """POST of a file with curl, as an application would."""
        self.central.http("GET", "/v1/status")  # makes the token
        done = subprocess.run(
            ["curl", "-sS", "-X", "POST", f"http://{self.central.address}{path}", "-H",
             f"Authorization: Bearer {self.central.token}", "-H", "Content-Type: text/csv",
             "--data-binary", f"@{file}"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def session(self, session):
        return self.central.http("GET", f"/v1/import-sessions/{session}").json()

    def ended(self, session):
        wait_until(lambda: self.session(session)["state"] in ("done", "failed", "cancelled"))
        return self.session(session)

    def test_runs_on_its_own_and_is_remembered(self):
        begun = self.post("/v1/import-sessions?kind=customers&mode=good-rows-only",
                          self.big_file(bad_last=True))
        self.assertIn(begun["state"], ("waiting", "checking"))
        done = self.ended(begun["id"])
        self.assertEqual((done["state"], done["created"], done["rejected"]),
                         ("done", self.rows, 1))
        self.assertEqual(done["rows_total"], self.rows + 1)
        rejects = self.central.http("GET", done["rejects"])
        self.assertEqual(rejects.body.decode().splitlines()[0], "name,account_ref,reason")
        listed = self.central.http("GET", "/v1/import-sessions").json()["items"]
        self.assertEqual([one["id"] for one in listed], [begun["id"]])
        self.central.restart()
        kept = self.session(begun["id"])
        self.assertEqual((kept["state"], kept["created"], kept["rejects"]),
                         ("done", self.rows, None))

    def test_cancelled_all_or_nothing_leaves_nothing(self):
        begun = self.post("/v1/import-sessions?kind=customers", self.big_file())
        wait_until(lambda: self.session(begun["id"])["state"] != "waiting")
        self.central.http("POST", f"/v1/import-sessions/{begun['id']}:cancel")
        done = self.ended(begun["id"])
        if done["state"] == "done":
            self.skipTest("the import was faster than the wish to cancel it")
        self.assertEqual((done["state"], done["created"]), ("cancelled", 0))
        self.assertEqual(self.count("customer"), 0)
        self.assert_whole(self.central)

    def test_the_command_line_cancels_on_interrupt(self):
        command = subprocess.Popen(
            [SKERRY, "import", "customers", str(self.big_file()), "--mode", "good-rows-only",
             "--json", "--data", str(self.central.data)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.count("customer") > 0 or command.poll() is not None)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
        report = json.loads(out)
        self.assertIn(report["state"], ("cancelled", "done"), err)
        self.assertEqual(self.count("customer"), report["created"])
        self.assertEqual(command.returncode, 3 if report["state"] == "cancelled" else 0)
        self.assert_whole(self.central)

    def test_a_stop_ends_it_within_seconds_and_a_kill_is_told(self):
        begun = self.post("/v1/import-sessions?kind=customers", self.big_file())
        wait_until(lambda: self.session(begun["id"])["state"] != "waiting")
        self.central.restart()
        told = self.session(begun["id"])
        self.assertIn(told["state"], ("failed", "done"))
        self.assertEqual(self.count("customer"), 0 if told["state"] == "failed" else self.rows)
        begun = self.post("/v1/import-sessions?kind=customers&mode=good-rows-only",
                          self.big_file())
        wait_until(lambda: self.session(begun["id"])["state"] != "waiting")
        self.central.kill()
        self.central.start()
        told = self.session(begun["id"])
        self.assertIn(told["state"], ("failed", "done"))
        if told["state"] == "failed":
            self.assertIn("the daemon ended while the import ran", told["error"]["detail"])
        self.assert_whole(self.central)

    def test_no_room_for_wrong_requests(self):
        file = self.file("one.csv", "name\nAcme\n")
        self.assertEqual(self.post("/v1/import-sessions", file)["code"], "bad_request")
        self.assertEqual(self.post("/v1/import-sessions?kind=gadgets", file)["code"], "not_found")
        self.assertEqual(self.post("/v1/import-sessions?kind=customers&mode=some", file)["code"],
                         "bad_request")
        nobody = "019a0000-0000-7000-8000-000000000000"
        for path in (nobody, f"{nobody}/rejects"):
            self.assertEqual(self.central.http("GET", f"/v1/import-sessions/{path}").status, 404)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    unittest.main()
