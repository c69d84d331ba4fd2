"""Media for tests: folders, and small file systems where they can be mounted."""

import random
import string
import subprocess

from machine import MachineTest

SMALL_BUNDLES = "\n[exchange]\nbundle_mebibytes = 1\n"


class Media(MachineTest):
    def mounted(self, name, size):
        """A medium of `size` bytes; the test is skipped where nothing can be mounted."""
        medium = self.new_medium(name)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", medium],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"skipped: no file system can be mounted here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", medium], check=False,
                        capture_output=True)
        return medium

    def write_notes(self, machine, mebibytes):
        """So much text that no compression makes small."""
        words = random.Random(1)
        customer = machine.create("customers", {"name": "Wordy"})["id"]
        alphabet = string.ascii_letters + string.digits + "-_"
        for _ in range(mebibytes * 2):
            items = [{"op": "create", "record": {
                "subject": customer, "text": "".join(words.choices(alphabet, k=3900))}}
                for _ in range(180)]
            answer = machine.http("POST", "/v1/notes:batch", {"atomic": True, "items": items})
            self.assertEqual(answer.status, 200, answer)

    def up_bundles(self, medium):
        return sorted((medium / "SKERRY" / "central").rglob("u-*.skb"))

    def events(self, outcome, event):
        return [line for line in outcome.lines() if line["event"] == event]

    def files(self, medium):
        return {path.name for path in medium.rglob("*") if path.is_file()}
