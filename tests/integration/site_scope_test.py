"""Sites as records of the fleet, and changes of what they see (H13), over the real binary."""

import csv
import io
import unittest

from machine import MachineTest


class SiteScope(MachineTest):
    def setUp(self):
        super().setUp()
        self.central = self.new_machine("central", "vendor")
        self.mine = self.customer("Northern Mine", "N-1")
        self.mill = self.customer("Old Mill", "M-1")
        self.dock = self.customer("Dock, eastern", "D-1")

    def customer(self, name, ref):
        """With what belongs to it, so that there is something to take away."""
        made = self.central.create("customers", {"name": name, "account_ref": ref})
        place = self.central.create("locations", {"customer": made["id"], "name": f"{ref} yard"})
        self.central.create("contacts", {"customer": made["id"], "email": f"{ref}@x.example"})
        self.central.create("notes", {"subject": place["id"], "text": f"About {ref}"})
        return made["id"]

    def names(self, machine):
        items = machine.http("GET", "/v1/customers?sort=name").json()["items"]
        return [item["name"] for item in items]

    def settle(self, site, medium):
        self.exchange(self.central, site, medium)
        self.assert_same_state(self.central, site)

    def enrolled(self, scope):
        site, medium = self.new_machine("site", "pier"), self.new_medium()
        self.site_id = self.enrol(self.central, site, medium, "pier", scope)
        return site, medium

    def test_h13_widen_and_narrow_with_a_pending_edit(self):
        site, medium = self.enrolled("N-1")
        self.settle(site, medium)
        self.assertEqual(self.names(site), ["Northern Mine"])

        widened = self.central.ok("site", "set", "pier", "--scope-add", "Old Mill",
                                  "--scope-add", self.dock, "--reason", "new contract")
        self.assertIn("2 customers more", widened.out)
        self.assertIn("Next: ", widened.out)
        self.settle(site, medium)
        self.assertEqual(len(self.names(site)), 3)
        contact = site.http("GET", f"/v1/contacts?customer={self.mill}").json()["items"][0]

        site.edit("contacts", contact["id"], {"title": "Miller"})
        made = site.create("locations", {"customer": self.mill, "name": "Weir"})
        narrowed = self.central.ok("site", "set", self.site_id[:8], "--scope-remove", "M-1",
                                   "--json").document()
        self.assertEqual(sorted(narrowed["scope"]), sorted([self.mine, self.dock]))
        self.settle(site, medium)
        self.assertEqual(self.names(site), ["Dock, eastern", "Northern Mine"])
        self.assertEqual(site.http("GET", f"/v1/contacts/{contact['id']}").status, 404)
        self.assertEqual(site.status()["pending"], 0)
        self.assertIsNone(self.central.get("contacts", contact["id"]).json()["title"])
        kept = self.central.ok("conflict", "list", "--json").lines()
        kept = {each["field"] or "": each for each in kept}
        self.assertEqual([(each["type"], field) for field, each in sorted(kept.items())],
                         [("out_of_scope", ""), ("out_of_scope", "title")])
        self.assertEqual(kept["title"]["loser"]["value"], "Miller")
        self.assertIn("what is here over \"Miller\" (", self.central.ok("conflict", "list").out)
        for each in kept.values():
            self.central.ok("conflict", "resolve", each["id"], "--choose", "site")
        self.assertEqual(self.central.get("contacts", contact["id"]).json()["title"], "Miller")
        self.assertEqual(self.central.get("locations", made["id"]).json()["name"], "Weir")

        self.central.ok("site", "set", "pier", "--scope", "all")
        self.settle(site, medium)
        self.assertEqual(site.get("contacts", contact["id"]).json()["title"], "Miller")
        for machine in (self.central, site):
            self.assert_whole(machine)

        history = self.central.http("GET", f"/v1/sites/{self.site_id}/audit").json()["items"]
        scopes = [row for row in history if "scope" in row["fields"] and row["op"] == "set"]
        self.assertEqual(scopes[-1]["fields"]["scope"],
                         {"old": [], "new": sorted([self.mill, self.dock])})
        self.assertEqual((scopes[-1]["source"], scopes[-1]["reason"]), ("cli", "new contract"))
        self.assertEqual(scopes[-1]["actor"][:4], "uid:")

    def test_a_site_that_makes_customers_keeps_them(self):
        site, medium = self.enrolled("N-1")
        made = site.create("customers", {"name": "Made at the pier"})
        self.settle(site, medium)
        record = self.central.get("sites", self.site_id).json()
        self.assertEqual(sorted(record["scope"]), sorted([self.mine, made["id"]]))
        self.settle(site, medium)
        self.assertEqual(self.central.get("sites", self.site_id).json()["revision"],
                         record["revision"])

    def test_the_fleet(self):
        site, medium = self.enrolled("all")
        self.settle(site, medium)
        fleet = self.central.ok("site", "list", "--json").lines()
        self.assertEqual([each["name"] for each in fleet], ["pier"])
        pier = fleet[0]
        self.assertEqual((pier["status"], pier["scope"], pier["schema"]), ("active", "all", 1))
        self.assertTrue(pier["contact_at"] and pier["app_version"] and pier["epoch"])
        self.assertFalse(pier["clock_suspect"])
        before = self.central.status()["log"]["n"]
        self.settle(site, medium)
        after = self.central.ok("site", "show", "pier", "--json").document()
        self.assertGreater(after["contact_at"], "2020")
        self.assertEqual(after["revision"], pier["revision"])
        self.assertEqual(self.central.status()["log"]["n"], before)

        shown = self.central.ok("site", "show", "pier")
        self.assertIn("all customers", shown.out)
        tried = self.central.ok("site", "set", "pier", "--name", "Quay", "--customer", "M-1",
                                "--dry-run")
        self.assertIn("Quay, before: pier", tried.out)
        self.assertEqual(self.central.get("sites", self.site_id).json(), after)
        self.central.ok("site", "set", "pier", "--name", "Quay", "--customer", "M-1")
        changed = self.central.ok("site", "show", "Quay", "--json").document()
        self.assertEqual(changed["customer"], self.mill)
        self.central.ok("site", "set", "Quay", "--customer", "none")
        rows = list(csv.DictReader(io.StringIO(self.central.ok("export", "sites").out)))
        self.assertEqual([(row["name"], row["customer"], row["status"]) for row in rows],
                         [("Quay", "", "active")])
        # A site holds nothing of it.
        self.assertEqual(site.ok("site", "list", "--json").lines(), [])

    def test_what_is_wrong_is_named(self):
        self.enrolled("N-1")
        self.customer("Old Mill", "M-2")
        central = self.central
        for arguments, code, words in (
                (("site", "set", "nowhere", "--name", "x"), 1, "site list"),
                (("site", "set", "pier", "--scope-add", "Nobody"), 1, "Nobody"),
                (("site", "set", "pier", "--scope-add", "Old Mill"), 64, "several customers"),
                (("site", "set", "pier", "--scope", "all", "--scope-add", "N-1"), 64, "Next: "),
                (("site", "set", "pier", "--name", " "), 65, "name must not be blank"),
                (("site", "invite", "other", "--scope", "N-1,Nobody"), 1, "Nobody"),
                (("import", "sites", str(self.folder / "none.csv")), 65, "")):
            with self.subTest(arguments):
                refused = central.run(*arguments)
                self.assertEqual(refused.code, code, refused)
                self.assertIn(words, refused.err)
        central.ok("site", "set", "pier", "--scope", "all")
        refused = central.run("site", "set", "pier", "--scope-remove", "N-1")
        self.assertEqual(refused.code, 64, refused)
        self.assertIn("--scope REF,REF", refused.err)
        taken = central.run("site", "set", "pier", "--name", "central", "--dry-run")
        self.assertEqual(taken.code, 65, taken)
        counted = central.ok("site", "set", "pier", "--scope", "N-1,N-1", "--dry-run", "--json")
        self.assertEqual(len(counted.document()["patch"]["scope"]), 1)
        central.ok("site", "set", "pier", "--scope", "N-1,M-1")
        self.assertEqual(len(central.get("sites", self.site_id).json()["scope"]), 2)


if __name__ == "__main__":
    unittest.main()
