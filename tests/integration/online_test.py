"""The same bytes over HTTP."""

import unittest

from machine import MachineTest


class Online(MachineTest):
    def test_site_and_central_agree_after_an_online_exchange(self):
        central, site, _ = self.new_pair()
        site.configure(f"[central]\nurl = \"http://{central.address}\"\n")
        site.restart()
        there = site.create("customers", {"name": "From the site"})
        here = central.create("customers", {"name": "From central"})
        report = site.ok("exchange", "--online", "--json").document()
        self.assertGreaterEqual(report["rows_sent"], 1)
        self.assertEqual(central.get("customers", there["id"]).json()["name"], "From the site")
        self.assertEqual(site.get("customers", here["id"]).json()["name"], "From central")
        self.assert_same_state(central, site)

    def test_without_an_address_it_says_which_key_to_set(self):
        _, site, _ = self.new_pair()
        refused = site.run("exchange", "--online")
        self.assertEqual(refused.code, 78, refused)
        self.assertIn("central.url", refused.err)


if __name__ == "__main__":
    unittest.main()
