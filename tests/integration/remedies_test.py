"""What is printed as the next step: there, true, and such that it can be typed as it stands."""

import unittest

from machine import MachineTest, run


class Remedies(MachineTest):
    def assert_next(self, outcome, code, remedy):
        self.assertEqual(outcome.code, code, outcome)
        steps = [line for line in (outcome.out + outcome.err).splitlines()
                 if line.startswith("Next: ")]
        self.assertEqual(len(steps), 1, outcome)
        self.assertIn(remedy, steps[0])

    def test_words_with_a_blank_are_quoted(self):
        folder = self.folder / "two words"
        made = run("init", "--role", "central", "--name", "Head office", "--data", folder)
        self.assert_next(made, 0, f"skerry serve --data '{folder}'")
        self.assert_next(run("status", "--data", folder), 69, f"skerry serve --data '{folder}'")
        central = self.new_machine("central", "vendor")
        medium = self.new_medium("my stick")
        invited = central.run("site", "invite", "Plant O'Hara", "--out", medium)
        self.assert_next(invited, 0, f"skerry enrol '{medium}'")
        site = self.new_machine("site", "mine")
        site.ok("enrol", medium)
        admitted = central.run("site", "admit", medium, "--yes")
        self.assert_next(admitted, 0, f"skerry exchange '{medium}'")
        again = central.run("site", "invite", "Plant O'Hara", "--out", medium)
        self.assert_next(again, 1, "skerry site revoke 'Plant O'\\''Hara'")

    def test_a_missing_file_is_one_mistake(self):
        nowhere = self.folder / "nowhere"
        for command in (("trust", "show"), ("trust", "sign", "--key", nowhere),
                        ("backup", "verify", "--identity", nowhere), ("backup", "list"),
                        ("bundle", "inspect"), ("audit", "verify")):
            missing = run(*command, nowhere)
            self.assertIn(str(nowhere), missing.err)
            self.assertIn("Next: ", missing.err)
            self.assertEqual(missing.code, 65, f"{command}: {missing}")
        for noun in ("backup", "trust"):
            file = self.folder / f"{noun}.key"
            run(noun, "key", file)
            self.assert_next(run(noun, "key", file), 1, "another name")
            self.assert_next(run(noun, "key", nowhere / "x"), 1, "folder")

    def test_a_lost_database_is_restored(self):
        machine = self.new_machine("site", "mine", start=False)
        (machine.data / "skerry.db").unlink()
        for command in (("serve",), ("init", "--role", "site", "--name", "mine")):
            refused = machine.run(*command)
            self.assert_next(refused, 78, f"skerry backup restore FILE --data {machine.data}")
            self.assertIn("skerry.db is missing", refused.err)


if __name__ == "__main__":
    unittest.main()
