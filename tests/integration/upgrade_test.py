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


if __name__ == "__main__":
    unittest.main()
