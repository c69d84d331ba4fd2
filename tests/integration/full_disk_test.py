"""A disk that is full: the documented error, nothing lost, and it goes on when there is space."""

import unittest

from machine import READY_SECONDS, RECIPIENT, Machine
from media_world import Media

DISK = "16m"


class FullDisk(Media):
    def setUp(self):
        super().setUp()
        self.disk = self.mounted("disk", DISK)
        self.central = Machine(self.disk / "data", "central", "vendor")
        self.machines.append(self.central)
        self.central.start()
        self.central.create("customers", {"name": "before"})

    def fill(self):
        """Takes what is left of the space."""
        with open(self.disk / "filler", "wb", buffering=0) as filler:
            for size in (1 << 20, 1 << 12):
                try:
                    while filler.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def write_until_refused(self):
        """Ids that were acknowledged, and the refusal."""
        acknowledged = []
        for number in range(20_000):
            answer = self.central.http("POST", "/v1/customers", {"name": f"{number} " + "x" * 200})
            if answer.status != 201:
                return acknowledged, answer
            acknowledged.append(answer.json()["id"])
        raise AssertionError("a full disk takes everything")

    def assert_there(self, records):
        for record in records:
            self.assertEqual(self.central.http("GET", f"/v1/customers/{record}").status, 200)

    def test_writes(self):
        self.fill()
        acknowledged, refused = self.write_until_refused()
        self.assertEqual(refused.status, 507, refused)
        self.assertEqual(refused.json()["code"], "storage_full")
        self.assertEqual(refused.json()["detail"], "the disk of the data folder is full")
        self.assertIn("free some space", refused.json()["next"])
        self.assert_there(acknowledged)
        self.assertEqual(self.central.http("GET", "/livez").status, 200, "it serves on")
        shown = self.central.run("status")
        self.assertEqual(shown.code, 10, shown)
        self.assertRegex(shown.out, "attention .*bytes are free")

        (self.disk / "filler").unlink()
        later = self.central.create("customers", {"name": "later"})["id"]
        self.assert_there([*acknowledged, later])
        self.central.kill()
        self.central.start()
        self.assert_there([*acknowledged, later])
        self.assert_whole(self.central)

    def test_other_work(self):
        table = self.folder / "many.csv"
        table.write_text("Name\n" + "".join(f"Row {n}\n" for n in range(20_000)), encoding="utf-8")
        before = self.central.digest()
        self.fill()
        for command in (("import", "customers", table),
                        ("backup", "create", self.disk / "made.backup",
                         "--recipient", RECIPIENT)):
            outcome = self.central.run(*command)
            self.assertEqual(outcome.code, 74, outcome)
            self.assertRegex(outcome.err, "(?i)space")
        self.assertEqual(self.central.digest(), before, "half an import")
        self.assertFalse((self.disk / "made.backup").exists())
        (self.disk / "filler").unlink()
        self.central.create("customers", {"name": "later"})
        self.assert_whole(self.central)

    def test_a_start(self):
        """What is in the log of the database may need room in the database."""
        records = [self.central.create("customers", {"name": f"{n} " + "x" * 200})["id"]
                   for n in range(300)]
        self.central.kill()
        self.fill()
        try:
            self.central.start()
        except AssertionError:
            self.central.process.wait(timeout=READY_SECONDS)
            self.central.forget_process()
            refused = self.central.run("serve")  # its log is on the full disk
            self.assertEqual(refused.code, 74, refused)
            self.assertRegex(refused.err, "(?i)space|full")
            (self.disk / "filler").unlink()
            self.central.start()
        self.assert_there(records)
        self.assert_whole(self.central)


if __name__ == "__main__":
    unittest.main()
