"""Machines that are put back from a backup or copied, for tests: what was kept aside of them."""

import re
import shutil

from machine import MachineTest

RUNS_MAX = 12


def anchor_of(machine):
    return machine.data.with_name(machine.data.name + ".anchor")


class RestoreTest(MachineTest):
    def aside(self, machine, name="backup"):
        """Stops the machine, copies its folders as a backup of everything would, and starts it."""
        machine.stop()
        kept = self.folder / name
        shutil.copytree(machine.data, kept / "data")
        shutil.copytree(anchor_of(machine), kept / "anchor")
        machine.start()
        return kept

    def put_back(self, machine, kept, anchor):
        """`anchor`: "stays" where it is, comes "back" with the rest, or is "gone"."""
        machine.stop()
        shutil.rmtree(machine.data)
        shutil.copytree(kept / "data", machine.data)
        if anchor != "stays":
            shutil.rmtree(anchor_of(machine))
        if anchor == "back":
            shutil.copytree(kept / "anchor", anchor_of(machine))
        machine.token = None  # perhaps younger than the backup
        machine.start()

    def carry(self, central, site, medium, times=1):
        """There and back; what is refused on the way is part of what is tested."""
        for _ in range(times):
            for machine in (site, central, site):
                machine.run("exchange", medium)

    def follow_next(self, central, site, medium):
        """A courier who knows nothing but the last line: until both sides say that all is done."""
        at, done, told = site, 0, []
        while done < 2:
            self.assertLess(len(told), RUNS_MAX, "\n".join(told))
            outcome = at.run("exchange", medium)
            told.append(f"{at.role}: {outcome.out}{outcome.err}")
            self.assertIn(outcome.code, (0, 3, 13), told[-1])
            line = re.search(r"^Next: (.*)$", outcome.out + outcome.err, re.MULTILINE)
            self.assertIsNotNone(line, told[-1])
            done = done + 1 if line.group(1).startswith("nothing") else 0
            at = central if at is site else site
        return "\n".join(told)

    def names(self, machine):
        return {c["name"] for c in machine.http("GET", "/v1/customers?limit=500").json()["items"]}

    def assert_one_register(self, central, site, names):
        self.assert_same_state(central, site)
        self.assertEqual(site.status()["pending"], 0)
        for machine in (central, site):
            self.assertLessEqual(names, self.names(machine))
            self.assert_whole(machine)

    def findings(self, machine):
        return {f["subject"]: f for f in machine.http("GET", "/v1/doctor").json()["findings"]
                if f["severity"] != "ok"}
