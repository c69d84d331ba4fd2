"""Every kind out and back: no change where it came from, the same records where there are none."""

import json
import unittest

from importing import Import, rows_of

KINDS = ("custom_fields", "products", "customers", "contacts", "locations", "assets", "moves",
         "notes")
NASTY = ("  padded \t", "\r\na\r\nb\n", "=1+1", "null", "[]", "\"quoted\", and; more | still",
         "'", "😀 Ünïcode \u0301", "a,b;c\td", "true", "-", "0012", "1e5", "\n")


def texts(limit=255):
    return [text[:limit] for text in NASTY if text.strip(" \t\r\n")]


class RoundTrip(Import):
    def everything(self, kind, machine=None):
        """The file, to the byte."""
        out = self.folder / "everything.csv"
        out.unlink(missing_ok=True)
        (machine or self.central).ok("export", kind, "--all", "--out", out)
        return out.read_bytes().decode()

    def define(self, **fields):
        return self.central.create("custom_fields", fields)

    def fill_custom(self):
        """Every type on every kind; one archived, one that lost the option that a record has."""
        self.old = []
        for kind in ("asset", "contact", "customer", "location", "move", "note"):
            for key, more in (("t", {"type": "text", "position": 5}),
                              ("n.x", {"type": "number", "display_name": "Same"}),
                              ("b", {"type": "boolean", "position": None}),
                              ("d", {"type": "date", "required": None}),
                              ("o", {"type": "option", "options": [" lead", "a;b|c", "[x]"]}),
                              ("gone", {"type": "text", "display_name": " Old "})):
                made = self.define(record_kind=kind, key=key, **more)
                if key == "gone":
                    self.old.append(made["id"])

    def custom(self, number):
        values = texts()
        return {"t": values[number % len(values)], "n.x": [0, -1.5, 1e300, 2 ** 53 - 1][number % 4],
                "b": number % 2 == 0, "d": "2026-02-28", "o": [" lead", "a;b|c", "[x]"][number % 3],
                "gone": f" was {number} "}

    def fill(self):
        self.fill_custom()
        create = self.central.create
        pump = create("products", {"sku": " P 1", "name": "Pump", "type": "device",
                                   "description": "\n x"})
        for sku in ("S;1", "=2"):
            create("products", {"sku": sku, "name": sku, "type": "software"})
        customers = [create("customers", {"name": name, "description": name, "legal_name": name,
                                          "address": {"line1": name, "country": "DE"},
                                          "account_ref": name[:50], "custom": self.custom(i)})
                     for i, name in enumerate(texts())]
        customers += [create("customers", {"name": "Same", **more})
                      for more in ({}, {}, {"roles": []}, {"roles": None}, {"address": None})]
        one = customers[0]["id"]
        places = [create("locations", {"customer": one, "name": "Yard", **more})
                  for more in ({}, {}, {"in_inventory": None}, {"custom": self.custom(1)})]
        for i, email in enumerate(("a@x.example", "ü@x.example")):
            create("contacts", {"customer": one, "email": email, "status": [None, "inactive"][i],
                                "is_key_contact": [None, True][i], "first_name": " F ",
                                "custom": self.custom(i)})
        assets = [create("assets", {"product": pump["id"], "serial": serial, "custom": custom,
                                    "status": status, "owner": owner})
                  for serial, status, owner, custom in
                  ((" 1 ", None, one, self.custom(2)), ("1", "down", None, {}),
                   ("=x", "spare", one, self.custom(3)))]
        for number in range(2):
            create("moves", {"asset": assets[0]["id"], "to_location": places[0]["id"],
                             "arrived_at": "2026-01-02T03:04:05.678Z", "note": " \nequal",
                             "custom": self.custom(number)})
        create("moves", {"asset": assets[1]["id"], "from_location": places[0]["id"],
                         "to_location": places[1]["id"], "tracking_number": "'T "})
        for subject in (one, places[0]["id"], assets[0]["id"]):
            for text in ("called", "called", "a\r\nb\n", "x" * 10000):
                create("notes", {"subject": subject, "text": text})
        create("notes", {"subject": one, "text": "custom", "custom": self.custom(0)})
        return customers, assets

    def change(self, customers, assets):
        """What happens to records later."""
        for verb in (f"customers/{customers[1]['id']}:archive",
                     f"customers/{customers[2]['id']}:disable"):
            self.assertEqual(self.central.http("POST", f"/v1/{verb}").status, 200)
        scrapped = self.central.http("POST", f"/v1/assets/{assets[2]['id']}:scrap",
                                     {"scrapped_on": "2026-03-04", "disposal_price": "-0.50",
                                      "disposal_reason": " sold; cheap "})
        self.assertEqual(scrapped.status, 200, scrapped)
        for definition in self.old:
            done = self.central.http("POST", f"/v1/custom_fields/{definition}:archive")
            self.assertEqual(done.status, 200, done)

    def test_comes_back_without_a_change(self):
        self.change(*self.fill())
        for field in rows_of(self.everything("custom_fields")):
            if field["key"] == "o":
                self.central.edit("custom_fields", field["id"], {"options": ["new"]})
        digest = self.central.digest()
        for kind in KINDS:
            with self.subTest(kind=kind):
                text = self.everything(kind)
                rows = len(rows_of(text))
                self.assertGreater(rows, 1)
                self.assertEqual(self.must_take(kind, text), [0, 0, rows, 0])
                again = self.must_take(kind, text, "--mode", "good-rows-only")
                self.assertEqual(again, [0, 0, rows, 0])
                empty = text.splitlines(keepends=True)[0]
                self.assertEqual(self.must_take(kind, empty), [0, 0, 0, 0])
        self.assertEqual(self.central.digest(), digest)

    def test_makes_the_same_records_elsewhere(self):
        self.change(*self.fill())
        other = self.new_machine("central", "other")
        files = {kind: self.everything(kind) for kind in KINDS}
        for kind in KINDS:
            path = self.file(f"{kind}.csv", files[kind])
            # An archived field takes no values: it is archived when they are there.
            aside = ("--ignore", "archived_at") if kind == "custom_fields" else ()
            other.ok("import", kind, path, *aside)
        other.ok("import", "custom_fields", self.file("again.csv", files["custom_fields"]))
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.assertEqual(self.everything(kind, other), files[kind])
                text = other.ok("export", kind, "--all", "--format", "ndjson").out
                lines = [json.loads(line) for line in text.splitlines()]
                self.assertEqual(sorted(line["id"] for line in lines),
                                 sorted(row["id"] for row in rows_of(files[kind])))

    def test_an_archived_field_takes_no_values_from_a_file(self):
        field = self.define(record_kind="customer", key="g", type="text")
        made = self.central.create("customers", {"name": "Acme", "custom": {"g": "x"}})
        self.central.http("POST", f"/v1/custom_fields/{field['id']}:archive")
        text = f"id,name,custom.g\n{made['id']},Acme,y\n,Bolt,z\n"
        errors = self.take("customers", text).document()["error"]["errors"]
        self.assertEqual([error["pointer"] for error in errors],
                         ["row 2, column custom.g", "row 3, column custom.g"])
        self.assertIn("archived", errors[0]["detail"])
        self.assertEqual(self.must_take("customers", f"id,custom.g\n{made['id']},\n"),
                         [0, 1, 0, 0])


if __name__ == "__main__":
    unittest.main()
