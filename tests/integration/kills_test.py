"""Many kill -9 of machines at work: of what was acknowledged nothing is ever missing.

SKERRY_KILLS says how many; `./dev soak` runs 2,000. A run that fails names its seed, SKERRY_SEED.
"""

import os
import random
import threading
import time
import unittest

from machine import RECIPIENT, MachineTest, wait_until

KILLS = int(os.environ.get("SKERRY_KILLS", "8"))
SEED = int(os.environ.get("SKERRY_SEED", str(random.randrange(1 << 32))))
# With new machines every so often: a check of everything would grow with what is there.
KILLS_OF_A_PAIR = 40
LONGEST_LIFE_SECONDS = 0.6


class Work:
    """Threads that use one pair of machines until it is to stop; what they hit is no matter."""

    def __init__(self, test, central, site, medium):
        self.test, self.central, self.site, self.medium = test, central, site, medium
        self.stopping = threading.Event()
        self.acknowledged = {central: [], site: []}
        self.threads = [threading.Thread(target=self.again_and_again, args=(what,)) for what in (
            lambda: self.write(central), lambda: self.write(site), lambda: self.write(site),
            self.exchange, self.back_up, self.import_table)]

    def again_and_again(self, what):
        while not self.stopping.is_set():
            try:
                what()
            except (OSError, AssertionError):  # killed, or not there yet
                time.sleep(0.01)

    def write(self, machine):
        answer = machine.http("POST", "/v1/customers", {"name": f"C {random.random()}"})
        if answer.status == 201:
            self.acknowledged[machine].append(answer.json()["id"])

    def exchange(self):
        for machine in (self.site, self.central):
            machine.run("exchange", self.medium)

    def back_up(self):
        self.central.run("backup", "create", "--recipient", RECIPIENT)
        for old in sorted((self.central.data / "backups").glob("*.backup"))[:-1]:
            old.unlink()

    def import_table(self):
        table = self.test.folder / "table.csv"
        if not table.exists():
            table.write_text("Name\n" + "".join(f"Row {n}\n" for n in range(50)), encoding="utf-8")
        self.site.run("import", "customers", table)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Kills(MachineTest):
    def check(self, machine, acknowledged):
        self.assert_whole(machine)
        for record in acknowledged[-20:]:
            self.assertEqual(machine.http("GET", f"/v1/customers/{record}").status, 200, record)

    def starts(self, machine):
        """False while a command that found no daemon does without one and holds the folder."""
        try:
            machine.start()
        except AssertionError as refused:
            if "is in use by" not in str(refused)[-300:]:
                raise
            machine.process.wait()
            machine.forget_process()
            return False
        return True

    def test_nothing_acknowledged_is_missing(self):
        print(f"SKERRY_SEED={SEED}", flush=True)
        dice = random.Random(SEED)
        killed = 0
        while killed < KILLS:
            killed += self.wear_out_a_pair(dice, min(KILLS_OF_A_PAIR, KILLS - killed), killed)
        print(f"{killed} kills")

    def wear_out_a_pair(self, dice, kills, before):
        central = self.new_machine("central", f"vendor{before}")
        site = self.new_machine("site", f"mine{before}")
        medium = self.new_medium(f"stick{before}")
        self.site_id = self.enrol(central, site, medium, "mine")
        for machine in (central, site):
            machine.http("GET", "/livez")  # makes the token before the threads need it
        with Work(self, central, site, medium) as work:
            for _ in range(kills):
                time.sleep(dice.uniform(0, LONGEST_LIFE_SECONDS))
                machine = dice.choice((central, site))
                known = list(work.acknowledged[machine])
                machine.kill()
                wait_until(lambda machine=machine: self.starts(machine))
                self.check(machine, known)
        for _ in range(2):
            self.exchange(central, site, medium)
        self.assert_same_state(central, site)
        for record in work.acknowledged[central] + work.acknowledged[site]:
            for side in (central, site):
                answer = side.http("GET", f"/v1/customers/{record}")
                self.assertEqual(answer.status, 200, f"{record} at {side.role}")
        for machine in (central, site):
            machine.stop()
        return kills


if __name__ == "__main__":
    unittest.main()
