"""Media that somebody prepared: links, pipes, thickets, giants, damage, files that change."""

import hashlib
import os
import threading
import unittest
from pathlib import Path

from media_world import Media


class HostileMedia(Media):
    def test_nothing_but_files_is_opened(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Whole"})
        site.ok("exchange", medium)
        bundle = self.up_bundles(medium)[-1]
        elsewhere = self.folder / "elsewhere.skb"
        bundle.rename(elsewhere)
        here = bundle.parent
        bundle.symlink_to(elsewhere)
        (here / "u-zero.skb").symlink_to("/dev/zero")
        os.mkfifo(here / "u-pipe.skb")
        (here / "u-folder.skb").mkdir()
        names = {bundle.name: "link", "u-zero.skb": "link", "u-pipe.skb": "pipe",
                 "u-folder.skb": "folder"}
        try:
            os.mknod(here / "u-disk.skb", 0o060600, os.makedev(7, 0))
            names["u-disk.skb"] = "device"
        except PermissionError:
            pass  # then the machine lets nobody make one
        stranger = here.parent / "11111111-1111-4111-8111-111111111111"
        stranger.symlink_to(here)
        names[stranger.name] = "link"
        met = central.run("exchange", medium, "--json")
        self.assertEqual(met.code, 3, met)
        passed = {Path(each["file"]).name: each["detail"]
                  for each in self.events(met, "passed_over")}
        self.assertEqual(set(passed), set(names))
        for name, word in names.items():
            self.assertIn(word, passed[name])
        self.assertEqual(central.status()["records"]["customer"], 0)
        for place in (self.folder / "twice" / "SKERRY", self.folder / "thrice" / "SKERRY/central"):
            place.parent.mkdir(parents=True)
            place.symlink_to(medium / "SKERRY")
            refused = central.run("exchange", self.folder / place.relative_to(self.folder).parts[0])
            self.assertEqual(refused.code, 74, refused)
            self.assertIn("there must be a folder at", refused.err)

    def test_a_thicket_of_names_and_a_giant_are_bounded_and_told(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Behind the thicket"})
        site.ok("exchange", medium)
        here = self.up_bundles(medium)[-1].parent
        thicket = here.parent / "11111111-1111-4111-8111-111111111111"
        thicket.mkdir()
        for number in range(21_000):
            (thicket / f"x{number}").touch()
        with open(here / "u-giant.skb", "wb") as giant:
            giant.truncate(1 << 40)
        met = central.run("exchange", medium, "--json")
        self.assertEqual(met.code, 3, met)
        told = [each["detail"] for each in self.events(met, "passed_over")]
        self.assertEqual(len(told), 1, told)
        self.assertIn("20000 names", told[0])
        for junk in thicket.iterdir():
            junk.unlink()
        met = central.run("exchange", medium, "--json")
        self.assertEqual(met.code, 3, met)
        refused = self.events(met, "refused")
        self.assertEqual([Path(each["file"]).name for each in refused], ["u-giant.skb"])
        self.assertEqual(refused[0]["code"], "limit_exceeded")
        self.assertEqual(central.status()["records"]["customer"], 1)

    def test_bad_files_are_kept_as_evidence(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Fragile"})
        site.ok("exchange", medium)
        whole = self.up_bundles(medium)[-1].read_bytes()
        damaged = bytearray(whole)
        damaged[len(whole) // 2] ^= 1
        (self.up_bundles(medium)[-1]).write_bytes(damaged)
        central.run("exchange", medium)
        central.create("customers", {"name": "Not for central"})
        own = self.folder / "own.skb"
        central.ok("bundle", "export", "mine", "--out", own)
        self.assertEqual(central.run("bundle", "import", own).code, 12)
        entries = {each["name"]: each for each in
                   central.http("GET", "/v1/inbox").json()["items"]}
        entry = entries[self.up_bundles(medium)[-1].name]
        self.assertTrue(entry["kept"], entry)
        self.assertEqual(entry["sha256"], hashlib.sha256(damaged).hexdigest())
        kept = central.data / "spool" / f"{entry['sha256']}.skb"
        self.assertEqual(kept.read_bytes(), damaged)
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)

    def test_a_file_that_changes_while_it_is_read_is_whole_or_refused(self):
        central, site, medium = self.new_pair()
        site.create("customers", {"name": "Whole or not at all"})
        self.write_notes(site, 1)
        site.ok("exchange", medium)
        bundle = self.up_bundles(medium)[-1]
        whole = bundle.read_bytes()
        before = central.digest()
        ended = threading.Event()

        def flip():
            with open(bundle, "r+b", buffering=0) as file:
                position = 0
                while not ended.is_set():
                    position = (position + 4099) % len(whole)
                    for byte in (whole[position] ^ 0xff, whole[position]):
                        file.seek(position)
                        file.write(bytes([byte]))

        flipper = threading.Thread(target=flip)
        flipper.start()
        self.addCleanup(flipper.join)
        self.addCleanup(ended.set)
        codes = {central.run("bundle", "import", bundle).code for _ in range(15)}
        ended.set()
        flipper.join()
        self.assertLessEqual(codes, {0, 12, 65})
        if 0 not in codes:
            self.assertEqual(central.digest(), before)
        bundle.write_bytes(whole)
        central.ok("exchange", medium)
        site.ok("exchange", medium)
        self.assert_same_state(central, site)
        self.assert_whole(central)


if __name__ == "__main__":
    unittest.main()
