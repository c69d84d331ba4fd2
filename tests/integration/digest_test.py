"""Both sides compare what they hold; a difference is mended once, and told when that fails."""

import sqlite3
import unittest
from contextlib import closing

from machine import MachineTest


class Digests(MachineTest):
    def setUp(self):
        super().setUp()
        self.central, self.site, self.medium = self.new_pair()
        self.customer = self.central.create("customers", {"name": "Harbour"})["id"]
        self.exchange(self.central, self.site, self.medium)

    def spoil(self):
        self.site.stop()
        with closing(sqlite3.connect(self.site.data / "skerry.db")) as database:
            database.execute("UPDATE customer SET description='spoilt'")
            database.commit()
        self.site.start()

    def each_import(self, statement):
        self.site.stop()
        with closing(sqlite3.connect(self.site.data / "skerry.db")) as database:
            database.execute(statement)
        self.site.start()

    def a_day_later(self):
        """The last digest is of yesterday: the next bundle down has one."""
        self.central.stop()
        with closing(sqlite3.connect(self.central.data / "skerry.db")) as database:
            database.execute("UPDATE site SET digest_at=digest_at-86400000")
            database.commit()
        self.central.start()

    def findings(self, machine):
        return {each["subject"]: each for each in
                machine.http("GET", "/v1/doctor").json()["findings"] if each["severity"] != "ok"}

    def description(self):
        return self.site.get("customers", self.customer).json()["description"]

    def test_a_difference_is_found_told_and_mended(self):
        central, site, medium = self.central, self.site, self.medium
        self.spoil()
        self.a_day_later()
        central.create("customers", {"name": "Of the day"})
        central.ok("exchange", medium)
        site.run("exchange", medium)
        told = site.status()
        self.assertFalse(told["upstream"]["compared"]["same"])
        self.assertEqual(site.run("status").code, 10)
        self.assertIn("not what central has", " ".join(told["attention"]))
        self.assertIn("digest", self.findings(site))
        self.exchange(central, site, medium)
        self.exchange(central, site, medium)
        self.assertIsNone(self.description())
        self.assertTrue(site.status()["upstream"]["compared"]["same"])
        self.assertNotIn("digest", self.findings(site))
        self.assertNotIn("digest", self.findings(central))
        self.assert_same_state(central, site)
        self.assert_whole(site)
        self.assertIn("site_differs", central.ok("audit", "list", "--json").out)

    def test_a_second_difference_is_for_a_person(self):
        central, site, medium = self.central, self.site, self.medium
        self.each_import("CREATE TRIGGER bad_disk AFTER UPDATE ON upstream WHEN NEW.n<>OLD.n BEGIN "
                         "INSERT INTO customer(id,revision,created_at,updated_at,version,"
                         "scope_customer,stamps,name) SELECT randomblob(16),1,1,1,0,scope_customer,"
                         "stamps,'ghost' FROM customer LIMIT 1; END")
        self.a_day_later()
        for number in range(4):
            central.create("customers", {"name": f"Customer {number}"})
            self.exchange(central, site, medium)
        found = self.findings(central)["digest"]
        self.assertEqual(found["severity"], "error")
        self.assertIn("did not help", found["detail"])
        self.assertIn("--from 1", found["next"])
        self.assertEqual(central.run("status").code, 10)
        log = central.ok("audit", "list", "--json", "--limit", "500").out
        self.assertEqual(log.count('"site_differs"'), 1)
        self.assertEqual(log.count('"site_differs_again"'), 1)
        self.each_import("DROP TRIGGER bad_disk")
        central.ok("bundle", "export", "mine", "--from", "1", "--out", medium)
        site.ok("exchange", medium)
        self.exchange(central, site, medium)
        self.assert_same_state(central, site)
        self.assertNotIn("digest", self.findings(central))


if __name__ == "__main__":
    unittest.main()
