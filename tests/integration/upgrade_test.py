"""What an older version of the program refused, and kept, a newer one takes in by itself."""

import hashlib
import sqlite3
import unittest
from contextlib import closing

from machine import MachineTest, wait_until


class Upgrades(MachineTest):
    def test_what_was_kept_is_taken_in_after_an_upgrade(self):
        central, site, medium = self.new_pair()
        central.create("customers", {"name": "Of a newer version"})
        bundle = self.folder / "newer.skb"
        central.ok("bundle", "export", "mine", "--out", bundle)
        site.stop()
        # As the version before left it.
        sha256 = hashlib.sha256(bundle.read_bytes()).hexdigest()
        kept = site.data / "spool" / f"{sha256}.skb"
        kept.write_bytes(bundle.read_bytes())
        with closing(sqlite3.connect(site.data / "skerry.db")) as database:
            database.execute(
                "INSERT INTO inbox(sha256,name,outcome,detail,received_at,open_door) "
                "VALUES(?,'newer.skb','unsupported_version','skerry/bundle/v2',0,0)",
                (bytes.fromhex(sha256),))
            database.execute("UPDATE meta SET value='0.0.1' WHERE key='kept_tried_by'")
            database.commit()
        site.start()
        wait_until(lambda: site.status()["records"]["customer"] == 1)
        wait_until(lambda: not kept.exists())
        newest = site.http("GET", "/v1/inbox?limit=1").json()["items"][0]
        self.assertEqual((newest["name"], newest["outcome"]), ("newer.skb", "applied"))
        self.exchange(central, site, medium)
        self.assert_same_state(central, site)

    def test_a_database_of_a_newer_version_is_refused_and_left_alone(self):
        machine = self.new_machine("central", "vendor")
        machine.create("customers", {"name": "Of a newer version"})
        machine.stop()
        with closing(sqlite3.connect(machine.data / "skerry.db")) as database:
            database.execute("INSERT INTO migration(version,name,sha256,applied_at) "
                             "VALUES(9999,'tomorrow',zeroblob(32),'2099-01-01T00:00:00.000Z')")
            database.commit()
        before = (machine.data / "skerry.db").read_bytes()
        refused = machine.run("serve", "--json")
        error = refused.document()["error"]
        self.assertEqual(error["code"], "unsupported_version")
        self.assertIn("tomorrow", error["detail"])
        self.assertIn("install", error["next"])
        self.assertEqual((machine.data / "skerry.db").read_bytes(), before)
        self.assertEqual(list(machine.data.glob("skerry.db.schema-*")), [])


if __name__ == "__main__":
    unittest.main()
