"""Offline roots: ceremony, adoption, new keys of central and of a site, and what is refused."""

import json
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from machine import MachineTest, run


class Trust(MachineTest):
    def stopped(self, machine, *arguments):
        """A command of a machine whose daemon does not run, which goes on afterwards."""
        machine.stop()
        outcome = machine.run(*arguments)
        machine.start()
        return outcome

    def ceremony(self, central, name="safe", *options):
        """init, two signatures, adoption; gives the folder with the holders' keys."""
        safe = self.folder / name
        drafted = self.stopped(central, "trust", "init", safe, *options)
        self.assertEqual(drafted.code, 0, drafted)
        self.sign(safe / "trust-1.json", safe, 1, 2)
        self.adopt(central, safe / "trust-1.json")
        return safe

    def sign(self, draft, safe, *holders):
        for holder in holders:
            signed = run("trust", "sign", draft, "--key", safe / f"root-{holder}.pem")
            self.assertEqual(signed.code, 0, signed)

    def adopt(self, machine, draft):
        adopted = self.stopped(machine, "trust", "adopt", draft, "--json")
        self.assertEqual(adopted.code, 0, adopted)
        return adopted.document()

    def rotate(self, central, safe, generation, *options, holders=(2, 3)):
        draft = self.folder / f"trust-{generation}.json"
        drafted = self.stopped(central, "trust", "rotate", draft, *options)
        self.assertEqual(drafted.code, 0, drafted)
        self.sign(draft, safe, *holders)
        return self.adopt(central, draft)

    def trust(self, machine):
        return machine.ok("trust", "show", "--json").document()

    def export(self, machine, name, *to):
        out = self.folder / name
        machine.ok("bundle", "export", *to, "--out", out)
        return out

    def outcome_of(self, machine, name):
        inbox = machine.http("GET", "/v1/inbox").json()["items"]
        return next(entry["outcome"] for entry in inbox if entry["name"] == name)

    def test_from_a_key_of_central_to_a_root_and_to_another_key(self):
        central, site, medium = self.new_pair()
        self.assertEqual(self.trust(site)["generation"], 0)
        safe = self.ceremony(central)
        self.assertEqual(self.trust(central)["sites_behind"], 1)
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(site)["generation"], 1)
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(central)["sites_behind"], 0)

        # On their way while central gets another key.
        central.create("customers", {"name": "Before"})
        old_down = self.export(central, "old-down.skb", "mine")
        site.create("customers", {"name": "For the old key"})
        old_up = self.export(site, "old-up.skb")
        old_key = central.status()["sign_key"]
        rotated = self.rotate(central, safe, 2, "--central-keys")
        self.assertTrue(rotated["new_keys"])
        self.assertEqual(rotated["sign_keys"], [central.status()["sign_key"]])
        self.assertNotEqual(central.status()["sign_key"], old_key)
        self.assertFalse((central.data / "keys" / "next").exists())

        # Up it is still opened; down it is refused once the site knows, and packed anew.
        central.ok("bundle", "import", old_up)
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(site)["generation"], 2)
        self.assert_same_state(central, site)
        before = site.digest()
        refused = site.run("bundle", "import", old_down, "--json")
        self.assertEqual(refused.code, 12, refused)
        self.assertEqual(refused.document()["error"]["code"], "revoked_signer")
        self.assertIn("run an exchange", refused.err)
        self.assertEqual(self.outcome_of(site, "old-down.skb"), "revoked_signer")
        self.assertEqual(site.digest(), before)
        self.assertEqual(len(self.trust(site)["revoked"]), 1)
        for machine in (central, site):
            self.assert_whole(machine)
        events = central.ok("audit", "list", "--op", "event", "--json").out
        self.assertEqual(events.count("trust_adopted"), 2)

    def test_an_old_bundle_before_the_site_knows(self):
        central, site, medium = self.new_pair()
        safe = self.ceremony(central)
        central.create("customers", {"name": "Packed by the old key"})
        old_down = self.export(central, "old-down.skb", "mine")
        self.rotate(central, safe, 2, "--central-keys")
        site.ok("bundle", "import", old_down)  # nobody told the site yet
        self.assertEqual(self.trust(site)["generation"], 1)
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(site)["generation"], 2)
        self.assert_same_state(central, site)

    def test_missed_generations_come_together(self):
        central, site, medium = self.new_pair()
        safe = self.ceremony(central)
        self.rotate(central, safe, 2, "--central-keys")
        self.rotate(central, safe, 3, "--central-keys")
        new_root = self.folder / "root-4.pem"
        made = run("trust", "key", new_root, "--json").document()
        roots = run("trust", "show", safe / "trust-1.json", "--json").document()["roots"]
        dropped = roots[0]["key"]
        shutil.copy(new_root, safe)
        self.rotate(central, safe, 4, "--add-root", made["public"], "--drop-root", dropped,
                    holders=(1, 2, 4))
        central.create("customers", {"name": "By the third key"})
        self.assertEqual(self.trust(site)["generation"], 0)
        self.exchange(central, site, medium)
        at_site = self.trust(site)
        self.assertEqual(at_site["generation"], 4)
        self.assertEqual(len(at_site["revoked"]), 2)
        self.assertNotIn(dropped, [root["key"] for root in at_site["roots"]])
        self.assert_same_state(central, site)

    def test_a_site_invited_later_has_the_root_from_the_beginning(self):
        central = self.new_machine("central", "vendor")
        safe = self.ceremony(central)
        self.rotate(central, safe, 2, "--central-keys")
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        self.site_id = self.enrol(central, site, medium, "mine")
        self.assertEqual(self.trust(site)["generation"], 2)
        self.rotate(central, safe, 3, "--central-keys")
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(site)["generation"], 3)
        self.assert_same_state(central, site)

    def test_a_site_replaces_its_keys(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Signed by the old key"})
        old_up = self.export(site, "old-up.skb")
        central.create("customers", {"name": "For the old key"})
        old_down = self.export(central, "old-down.skb", "mine")
        old_key = site.status()["sign_key"]
        files = [site.data / "keys" / name for name in ("sign.pem", "age.key")]
        before = [file.read_bytes() for file in files]
        rotated = self.stopped(site, "trust", "rotate", "--json")
        self.assertEqual(rotated.code, 0, rotated)
        self.assertEqual(rotated.document()["previous"], old_key)
        self.assertEqual(site.status()["sign_key"], rotated.document()["sign_key"])
        self.assertNotIn(before[0], [file.read_bytes() for file in (site.data / "keys").rglob("*")
                                     if file.is_file()])
        self.assertEqual(self.trust(site)["new_keys_unconfirmed"], 1)

        site.ok("bundle", "import", old_down)  # the old key still opens it
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(site)["new_keys_unconfirmed"], 0)
        self.assert_same_state(central, site)
        shown = central.ok("site", "show", "mine", "--json").document()
        self.assertEqual(shown["sign_key"], site.status()["sign_key"])
        refused = central.run("bundle", "import", old_up, "--json")
        self.assertEqual(refused.code, 12, refused)
        self.assertEqual(refused.document()["error"]["code"], "revoked_signer")
        self.assertIn("next bundle", refused.err)
        self.assertEqual(self.outcome_of(central, "old-up.skb"), "revoked_signer")
        self.assert_whole(central)

    def test_a_site_put_back_to_before_its_key_is_admitted_with_the_old_one(self):
        central, site, medium = self.new_pair()
        site.stop()
        old_data = self.folder / "old-data"
        shutil.copytree(site.data, old_data)
        site.start()
        self.assertEqual(self.stopped(site, "trust", "rotate").code, 0)
        site.create("customers", {"name": "By the new key"})
        self.exchange(central, site, medium)
        site.stop()
        shutil.rmtree(site.data)
        shutil.copytree(old_data, site.data)
        site.token = None
        site.start()
        site.create("customers", {"name": "By the old key again"})
        site.run("exchange", medium)
        refused = central.run("exchange", medium)
        self.assertEqual(refused.code, 12, refused)
        self.assertIn("skerry site revoke mine, then skerry site invite mine", refused.out)
        central.ok("site", "revoke", "mine")
        self.enrol(central, site, self.new_medium("fresh"), "mine")
        for machine in (central, site) * 3:  # what the new key signed still lies on the medium
            machine.run("exchange", medium)
        self.assertEqual(site.status()["pending"], 0)
        self.assert_same_state(central, site)

    def test_keys_replaced_more_often_than_there_was_contact(self):
        central, site, medium = self.new_pair()
        for _ in range(8):
            self.assertEqual(self.stopped(site, "trust", "rotate").code, 0)
        too_many = self.stopped(site, "trust", "rotate")
        self.assertEqual(too_many.code, 65, too_many)
        self.assertIn("exchange first", too_many.err)
        site.create("customers", {"name": "By the ninth key"})
        self.exchange(central, site, medium)
        self.assert_same_state(central, site)
        self.assertEqual(self.stopped(site, "trust", "rotate").code, 0)

    def test_a_machine_that_gets_new_keys_before_it_has_a_central(self):
        central = self.new_machine("central", "vendor")
        site = self.new_machine("site", "mine")
        self.assertEqual(self.stopped(site, "trust", "rotate").code, 0)
        self.site_id = self.enrol(central, site, self.new_medium(), "mine")

    def test_a_draft_says_what_it_lacks(self):
        central = self.new_machine("central", "vendor")
        safe = self.folder / "safe"
        running = central.run("trust", "init", safe)
        self.assertEqual(running.code, 75, running)
        self.assertIn("stop the daemon", running.err)
        self.assertFalse(safe.exists())
        self.assertEqual(self.stopped(central, "trust", "init", safe).code, 0)
        draft = safe / "trust-1.json"
        self.assertEqual(sorted(file.name for file in safe.iterdir()),
                         ["root-1.pem", "root-1.pub.pem", "root-2.pem", "root-2.pub.pem",
                          "root-3.pem", "root-3.pub.pem", "trust-1.json"])
        shown = run("trust", "show", draft, "--json")
        self.assertEqual(shown.code, 10, shown)
        self.assertEqual(shown.document()["missing"], {"own": 2, "previous": 0})
        self.sign(draft, safe, 1)
        self.sign(draft, safe, 1)  # once more is no second signature
        early = self.stopped(central, "trust", "adopt", draft)
        self.assertEqual(early.code, 12, early)
        self.assertIn("lacks 1 of the signatures", early.err)
        self.assertEqual(self.trust(central)["generation"], 0)
        self.sign(draft, safe, 3)
        self.assertEqual(run("trust", "show", draft).code, 0)
        self.adopt(central, draft)
        again = self.stopped(central, "trust", "adopt", draft)
        self.assertEqual(again.code, 0, again)
        self.assertIn("nothing of it was news", again.out)
        twice = self.stopped(central, "trust", "init", self.folder / "other")
        self.assertEqual(twice.code, 1, twice)

    def test_signatures_that_are_none(self):
        central, site, medium = self.new_pair()
        safe = self.ceremony(central)
        run("trust", "key", self.folder / "stranger.pem")
        draft = self.folder / "two.json"
        self.stopped(central, "trust", "rotate", draft, "--central-keys")
        stranger = run("trust", "sign", draft, "--key", self.folder / "stranger.pem")
        self.assertEqual(stranger.code, 12, stranger)
        self.sign(draft, safe, 1, 2)
        text = draft.read_text(encoding="utf-8")
        for damaged, code in ((text.replace("vendor", "wender"), 12), (text[:-9], 65), ("{}", 65),
                              (text.replace("trust-file/v1", "trust-file/v2"), 65)):
            self.assertNotEqual(damaged, text)
            draft.write_text(damaged, encoding="utf-8")
            refused = self.stopped(central, "trust", "adopt", draft)
            self.assertEqual(refused.code, code, refused)
        self.assertEqual(self.trust(central)["generation"], 1)
        draft.write_text(text, encoding="utf-8")
        self.adopt(central, draft)
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(site)["generation"], 2)

    def test_generations_are_not_passed_over(self):
        central, site, medium = self.new_pair()
        safe = self.ceremony(central)
        self.exchange(central, site, medium)
        self.rotate(central, safe, 2)
        self.rotate(central, safe, 3)
        third = self.folder / "trust-3.json"
        document = json.loads(third.read_text(encoding="utf-8"))
        document["generations"] = document["generations"][-1:]
        third.write_text(json.dumps(document), encoding="utf-8")
        gap = self.stopped(site, "trust", "adopt", third)
        self.assertEqual(gap.code, 13, gap)
        self.assertIn("2 is needed first", gap.err)
        # A site takes the holders' files too, in their order.
        self.adopt(site, self.folder / "trust-2.json")
        self.adopt(site, third)
        self.assertEqual(self.trust(site)["generation"], 3)
        self.exchange(central, site, medium)
        self.assertEqual(self.trust(central)["sites_behind"], 0)

    def test_wishes_that_make_no_generation(self):
        central, site, _ = self.new_pair()
        none_yet = self.stopped(central, "trust", "rotate", self.folder / "none.json")
        self.assertEqual(none_yet.code, 1, none_yet)
        self.assertIn("skerry trust init", none_yet.err)
        for options in (("--threshold", 4), ("--threshold", 0), ("--holders", 1),
                        ("--expires", "2001-01-01T00:00:00Z"), ("--expires", "soon")):
            refused = self.stopped(central, "trust", "init", self.folder / "safe", *options)
            self.assertEqual(refused.code, 64, refused)
            self.assertFalse((self.folder / "safe").exists())
        self.ceremony(central)
        draft = self.folder / "two.json"
        for options in (("--drop-root", "0123456789abcdef"), ("--revoke", "x"),
                        ("--threshold", 9)):
            refused = self.stopped(central, "trust", "rotate", draft, *options)
            self.assertEqual(refused.code, 64, refused)
            self.assertFalse(draft.exists())
        # A root that is revoked and stays would sign all the same.
        root = re.search(r"root +([0-9a-f]{16})", central.ok("trust", "show").out).group(1)
        refused = self.stopped(central, "trust", "rotate", draft, "--revoke", root)
        self.assertEqual(refused.code, 64, refused)
        self.assertIn(f"--drop-root {root}", refused.err)
        self.assertEqual(self.stopped(central, "trust", "rotate").code, 64)
        self.assertEqual(self.stopped(site, "trust", "rotate", draft).code, 64)
        self.assertEqual(self.stopped(site, "trust", "init", draft).code, 64)

    def test_an_expiry_warns_and_nothing_else(self):
        central, site, medium = self.new_pair()
        soon = subprocess.run(["date", "-u", "-d", "+2 days", "+%Y-%m-%dT%H:%M:%SZ"],
                              capture_output=True, text=True, check=True).stdout.strip()
        self.ceremony(central, "safe", "--expires", soon)
        self.exchange(central, site, medium)
        for machine in (central, site):
            self.assertIn("expires on", str(machine.status()["attention"]))
            self.assertIn("expires on", machine.run("doctor").out)
            self.assertIn(b"skerry_trust_expires_timestamp_seconds",
                          machine.http("GET", "/metrics").body)
        site.create("customers", {"name": "All the same"})
        self.exchange(central, site, medium)
        self.assert_same_state(central, site)

    def test_a_central_put_back_to_before_a_rotation_says_so(self):
        central, site, medium = self.new_pair()
        safe = self.ceremony(central)
        old_keys = self.folder / "old-keys"
        shutil.copytree(central.data / "keys", old_keys)
        central.stop()
        old_data = self.folder / "old-data"
        shutil.copytree(central.data, old_data)
        central.start()
        self.rotate(central, safe, 2, "--central-keys")
        self.exchange(central, site, medium)
        central.stop()
        shutil.rmtree(central.data)
        shutil.copytree(old_data, central.data)
        central.start()
        down = self.export(central, "old.skb", "mine")
        self.assert_later(site.run("bundle", "import", down))
        up = self.export(site, "up.skb")
        self.assert_later(central.run("bundle", "import", up))
        # The holders' file is there; the keys it names are gone with the machine.
        lost = self.stopped(central, "trust", "adopt", self.folder / "trust-2.json")
        self.assertEqual(lost.code, 12, lost)
        self.assertIn("--central-keys", lost.err)
        self.assertEqual(self.trust(central)["generation"], 1)
        # One more is of the number that the site holds already, and another.
        self.rotate(central, safe, "2-again", "--central-keys")
        another = self.stopped(central, "trust", "adopt", self.folder / "trust-2.json")
        self.assertEqual(another.code, 1, another)
        self.assertIn("another generation 2", another.err)
        again = self.export(central, "again.skb", "mine")
        self.assert_later(site.run("bundle", "import", again))
        self.rotate(central, safe, 3, "--central-keys")
        fresh = self.new_medium("fresh")
        central.ok("exchange", fresh)
        site.ok("exchange", fresh)
        self.assertEqual(self.trust(site)["generation"], 3)
        self.exchange(central, site, fresh)
        self.assert_same_state(central, site)

    def assert_later(self, outcome):
        self.assertEqual(outcome.code, 12, outcome)
        self.assertIn("until its generation is later than 2", outcome.err)

    def test_the_holders_signatures_by_stock_tools(self):
        central = self.new_machine("central", "vendor")
        safe = self.ceremony(central)
        document = json.loads((safe / "trust-1.json").read_text(encoding="utf-8"))
        signed = document["generations"][0]
        (self.folder / "text").write_text(signed["signed"], encoding="utf-8")
        for holder in (1, 2):
            public = safe / f"root-{holder}.pub.pem"
            der = subprocess.run(["openssl", "pkey", "-pubin", "-in", public, "-outform", "DER"],
                                 capture_output=True, check=True).stdout
            digest = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True)
            key = digest.stdout[:16].decode()
            (self.folder / "sig").write_bytes(bytes.fromhex(signed["signatures"][key]))
            subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin",
                            "-in", self.folder / "text", "-sigfile", self.folder / "sig"],
                           capture_output=True, check=True)


if __name__ == "__main__":
    unittest.main()
