"""What must be refused: bundles for others, of strangers and revoked sites, damaged files."""

import os
import shutil
import unittest
from pathlib import Path

from machine import MachineTest


class Refusals(MachineTest):
    def up_bundle(self, site, medium):
        site.ok("exchange", medium)
        return sorted((medium / "SKERRY" / "central").rglob("u-*.skb"))[-1]

    def test_a_bundle_for_somebody_else(self):
        central, site, medium = self.new_pair()
        other = self.new_machine("site", "other")
        self.enrol(central, other, self.new_medium("second"), "other")
        central.create("customers", {"name": "For the first site only"})
        out = self.folder / "down.skb"
        central.ok("bundle", "export", "mine", "--out", out)
        before = other.digest()
        refused = other.run("bundle", "import", out, "--json")
        self.assertEqual(refused.code, 65, refused)
        self.assertEqual(refused.document()["error"]["code"], "wrong_recipient")
        self.assertIn(str(out), refused.err)
        self.assertEqual(other.digest(), before)
        site.ok("bundle", "import", out)

    def test_a_machine_does_not_take_its_own_bundle(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "For central"})
        refused = site.run("bundle", "import", self.up_bundle(site, medium))
        self.assertEqual(refused.code, 12, refused)

    def test_an_export_that_is_only_tried(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Up"})
        central.create("customers", {"name": "Down"})
        for machine in (central, site):
            def kept(machine=machine):
                return sorted(machine.data.rglob("*.skb")), sorted(medium.rglob("*"))
            before = kept()
            tried = machine.ok("bundle", "export", "--out", medium, "--dry-run", "--json")
            self.assertIn("nothing is written", tried.err)
            self.assertEqual(kept(), before)
            refused = machine.run("bundle", "export", "--out", medium / "none", "--dry-run")
            self.assertEqual(refused.code, 74, refused)
            made = machine.ok("bundle", "export", "--out", medium, "--json").document()
            self.assertEqual(tried.document()["to"], made["to"])
            self.assertEqual(tried.document()["file"], made["file"])

    def test_a_bundle_that_is_only_tried(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Tried"})
        bundle = self.up_bundle(site, medium)
        before, seen = central.digest(), central.http("GET", "/v1/inbox").json()
        tried = central.ok("bundle", "import", bundle, "--dry-run")
        self.assertIn("would be applied: changes from", tried.out)
        self.assertIn("nothing is written", tried.err)
        tried = central.ok("bundle", "import", bundle, "--dry-run", "--json").document()
        self.assertEqual(tried["outcome"], "applied")
        self.assertEqual(site.run("bundle", "import", bundle, "--dry-run").code, 12)
        self.assertEqual(central.digest(), before)
        self.assertEqual(central.http("GET", "/v1/inbox").json(), seen)
        taken = central.ok("bundle", "import", bundle, "--json").document()
        self.assertEqual((taken["outcome"], taken["counts"]), ("applied", tried["counts"]))

    def test_a_name_that_is_no_utf8_stands_in_no_way(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Elsewhere"})
        named = os.fsencode(self.folder) + b"/b\xff.skb"
        shutil.copy(self.up_bundle(site, medium), named)
        central.ok("bundle", "import", os.fsdecode(named))
        self.assertEqual(central.http("GET", "/v1/inbox").json()["items"][0]["name"], "b\ufffd.skb")
        for command in (("site", "invite"), ("audit", "list", "--search"), ("conflict", "show"),
                        ("site", "revoke", "mine", "--reason")):
            refused = central.run(*command, os.fsdecode(b"n\xff"))
            self.assertEqual(refused.code, 64, refused)
            self.assertIn("not text in UTF-8", refused.err)

    def test_a_revoked_site(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Too late"})
        bundle = self.up_bundle(site, medium)
        standing = central.ok("site", "show", "mine", "--json").out
        tried = central.ok("site", "revoke", "mine", "--dry-run")
        self.assertIn("would be revoked", tried.out)
        self.assertIn("nothing is written", tried.err)
        tried = central.ok("site", "revoke", "mine", "--dry-run", "--json")
        self.assertEqual(tried.document()["status"], "revoked")
        self.assertEqual(central.ok("site", "show", "mine", "--json").out, standing)
        self.assertEqual(site.run("site", "revoke", "mine", "--dry-run").code, 1)
        central.ok("site", "revoke", "mine", "--reason", "the machine was stolen")
        said = [row.get("reason") for row in central.ok("audit", "list", "--json").lines()]
        self.assertIn("the machine was stolen", said)
        before = central.digest()
        refused = central.run("bundle", "import", bundle, "--json")
        self.assertEqual(refused.code, 12, refused)
        self.assertEqual(refused.document()["error"]["code"], "revoked_signer")
        self.assertEqual(central.run("exchange", medium).code, 12)
        self.assertEqual(central.digest(), before)

    def test_an_unknown_signer(self):
        central, _, _ = self.new_pair()
        other_central = self.new_machine("central", "other")
        stranger = self.new_machine("site", "stranger")
        other_medium = self.new_medium("other-stick")
        self.enrol(other_central, stranger, other_medium, "stranger")
        stranger.create("customers", {"name": "Unasked"})
        bundle = self.up_bundle(stranger, other_medium)
        refused = central.run("bundle", "import", bundle)
        self.assertEqual(refused.code, 12, refused)
        inbox = central.http("GET", "/v1/inbox").json()["items"]
        self.assertIn("unknown_signer", str(inbox[0]))

    def test_damage_anywhere_is_refused_and_recorded(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Fragile"})
        bundle = self.up_bundle(site, medium)
        whole = bundle.read_bytes()
        before = central.digest()
        damaged = self.folder / "damaged.skb"
        for position in (0, 600, len(whole) // 2, len(whole) - 1):
            changed = bytearray(whole)
            changed[position] ^= 1
            damaged.write_bytes(changed)
            refused = central.run("bundle", "import", damaged)
            self.assertIn(refused.code, (12, 65), f"byte {position}: {refused}")
        damaged.write_bytes(whole[:-512])
        self.assertEqual(central.run("bundle", "import", damaged).code, 65)
        self.assertEqual(central.digest(), before)
        self.assertEqual(central.run("bundle", "import", bundle).code, 0)

    def test_files_that_are_no_bundles(self):
        central, _, _ = self.new_pair()
        text = self.folder / "letter.txt"
        text.write_text("not a bundle", encoding="utf-8")
        for place, code in ((text, 65), (self.folder, 65), (self.folder / "nowhere.skb", 65)):
            for verb in ("import", "inspect"):
                refused = central.run("bundle", verb, place)
                self.assertEqual(refused.code, code, refused)
                self.assertIn(str(place), refused.err)
                self.assertEqual(refused.out, "")

    def test_a_gap_waits_for_the_bundle_before_it(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "One"})
        first = self.up_bundle(site, medium)
        kept = self.folder / first.name
        shutil.move(first, kept)
        site.create("customers", {"name": "Two"})
        out = self.folder / "second.skb"
        site.ok("bundle", "export", "--from", site.status()["log"]["head"], "--out", out)
        early = central.run("bundle", "import", out)
        self.assertEqual(early.code, 13, early)
        central.ok("bundle", "import", kept)
        central.ok("bundle", "import", out)
        self.assertEqual(central.status()["records"]["customer"], 2)

    def test_rows_are_counted_from_one(self):
        _, site, _ = self.new_pair()
        refused = site.run("bundle", "export", "--from", 0)
        self.assertEqual(refused.code, 64, refused)
        self.assertIn("counted from 1", refused.err)

    def test_a_site_without_central_exchanges_nothing(self):
        site = self.new_machine("site", "alone")
        refused = site.run("exchange", self.new_medium())
        self.assertEqual(refused.code, 10, refused)
        self.assertIn("skerry enrol", refused.err)

    def test_what_lies_on_a_medium_is_taken_refused_or_named(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Whole"})
        bundle = self.up_bundle(site, medium)
        (bundle.parent / "u-damaged.skb").write_bytes(bundle.read_bytes()[:-600])
        (bundle.parent / "u-link.skb").symlink_to(bundle.name)
        os.mkfifo(bundle.parent / "u-pipe.skb")
        (bundle.parent / "u-folder.skb").mkdir()
        with open(bundle.parent / "u-huge.skb", "wb") as huge:
            huge.truncate(33 << 20)
        with open(bundle.parent / "u-vast.skb", "wb") as vast:  # no request takes it
            vast.truncate(600 << 20)
        outcome = central.run("exchange", medium, "--json")
        self.assertEqual(outcome.code, 3, outcome)
        passed = {Path(line["file"]).name: line["detail"] for line in outcome.lines()
                  if line["event"] == "passed_over"}
        self.assertEqual(sorted(passed), ["u-folder.skb", "u-link.skb", "u-pipe.skb"])
        self.assertIn("link", passed["u-link.skb"])
        summary = outcome.lines()[-1]
        self.assertEqual((summary["refused"], summary["passed_over"]), (3, 3))
        self.assertEqual(central.status()["records"]["customer"], 1)
        inbox = {entry["name"]: entry["outcome"]
                 for entry in central.http("GET", "/v1/inbox").json()["items"]}
        self.assertEqual(inbox["u-damaged.skb"], "corrupt_bundle")
        self.assertEqual(inbox["u-huge.skb"], "limit_exceeded")
        self.assertEqual(inbox["u-vast.skb"], "limit_exceeded")
        [vast] = [line for line in outcome.lines() if line.get("file", "").endswith("u-vast.skb")]
        self.assertIn(f"{600 << 20} bytes; a bundle has at most {32 << 20}", vast["detail"])
        self.assertIn("have it written again by its sender", vast["next"])

    def test_two_machines_answer_one_invitation(self):
        central = self.new_machine("central", "vendor")
        medium = self.new_medium()
        central.ok("site", "invite", "mine", "--out", medium)
        one = self.new_machine("site", "first")
        first = one.ok("enrol", medium, "--json").document()
        answers = Path(first["file"]).read_bytes()
        other = self.new_machine("site", "second")
        seen = other.ok("enrol", medium)
        self.assertIn("1 answer with other keys, of another machine or of this one before, lies",
                      seen.out)
        self.assertEqual(Path(first["file"]).read_bytes(), answers)
        second = other.ok("enrol", medium, "--json").document()
        self.assertNotEqual(second["file"], first["file"])
        several = central.run("site", "admit", medium, "--yes")
        self.assertEqual(several.code, 64, several)
        self.assertIn(first["file"], several.err)
        kinds = [each["kind"] for each in other.http("GET", "/v1/inbox").json()["items"]]
        self.assertEqual(kinds, ["invitation", "invitation"])
        central.ok("site", "admit", medium, "--fingerprint", second["fingerprint"])
        for machine, code in ((other, 0), (one, 12)):
            taken = machine.run("exchange", medium)
            self.assertEqual(taken.code, code, taken)
        self.assertIn("central may have admitted another machine", taken.out)
        late = central.run("site", "admit", first["file"], "--fingerprint", first["fingerprint"])
        self.assertEqual(late.code, 12, late)
        self.assertIn("skerry site invite mine", late.err)
        inbox = central.http("GET", "/v1/inbox").json()["items"]
        self.assertEqual([(each["kind"], each["outcome"]) for each in inbox[:2]],
                         [("enrol", "code_used"), ("enrol", "applied")])

    def test_of_two_invitations_a_site_takes_its_own(self):
        central, site, medium = self.new_pair()
        central.ok("site", "invite", "other", "--out", medium)
        self.assertEqual(self.new_machine("site", "new").run("enrol", medium).code, 64)
        central.ok("site", "revoke", "mine")
        self.assertEqual(self.enrol(central, site, medium, "mine"), self.site_id)

    def test_a_revoked_site_comes_back_with_what_it_wrote(self):
        central, site, medium = self.new_pair()
        central.ok("site", "revoke", "mine")
        site.create("customers", {"name": "Written meanwhile"})
        site.ok("exchange", medium)
        self.assertEqual(central.run("exchange", medium).code, 12)
        self.assertEqual(site.run("exchange", medium).code, 3)
        self.assertEqual(self.enrol(central, site, self.new_medium("other"), "mine"), self.site_id)
        back = site.ok("exchange", medium)  # with the receipt from before
        self.assertIn("of central: from before it admitted this site again", back.out)
        self.exchange(central, site, medium)
        self.assertEqual(central.status()["records"]["customer"], 1)
        self.assert_same_state(central, site)

    def test_the_wrong_words_admit_nobody(self):
        central = self.new_machine("central", "vendor")
        site = self.new_machine("site", "mine")
        medium = self.new_medium()
        central.ok("site", "invite", "mine", "--out", medium)
        site.ok("enrol", medium)
        asked = central.run("site", "admit", medium)
        self.assertEqual(asked.code, 64, asked)
        wrong = central.run("site", "admit", medium, "--fingerprint", "lusab babad gutih tugad "
                            "lusab babad gutih tugad")
        self.assertEqual(wrong.code, 12, wrong)
        listed = central.ok("site", "list", "--json").lines()
        self.assertEqual([site["status"] for site in listed], ["invited"])


if __name__ == "__main__":
    unittest.main()
