"""kill -9 at any moment: no acknowledged write is missing, the file is sound, the chain whole."""

import threading
import unittest

from machine import MachineTest


class Crash(MachineTest):
    def write_until_killed(self, machine, acknowledged):
        number = 0
        while True:
            number += 1
            try:
                answer = machine.http("POST", "/v1/customers", {"name": f"Customer {number}"})
            except OSError:
                return
            if answer.status != 201:
                return
            acknowledged.append(answer.json()["id"])

    def test_writes(self):
        central = self.new_machine("central", "vendor")
        central.http("GET", "/livez")  # makes the token before the threads start
        for _ in range(3):
            acknowledged = []
            enough = threading.Event()

            class Counted(list):
                def append(self, item):
                    super().append(item)
                    if len(self) >= 200:
                        enough.set()

            acknowledged = Counted()
            threads = [threading.Thread(target=self.write_until_killed,
                                        args=(central, acknowledged)) for _ in range(4)]
            for thread in threads:
                thread.start()
            self.assertTrue(enough.wait(timeout=60))
            central.kill()
            for thread in threads:
                thread.join()
            central.start()
            for record in acknowledged:
                self.assertEqual(central.http("GET", f"/v1/customers/{record}").status, 200)
            self.assert_whole(central)

    def test_an_import_of_a_bundle(self):
        central, site, medium = self.new_pair()
        table = self.folder / "many.csv"
        rows = "".join(f"Customer {n}\n" for n in range(5000))
        table.write_text("Name\n" + rows, encoding="utf-8")
        site.ok("import", "customers", table)
        site.ok("exchange", medium)
        taking = threading.Thread(target=central.run, args=("exchange", medium))
        taking.start()
        taking.join(timeout=0.15)  # somewhere in the middle, on most machines
        central.kill()
        taking.join()
        central.start()
        self.assert_whole(central)
        self.exchange(central, site, medium)
        self.assertEqual(central.status()["records"]["customer"], 5000)
        self.assert_same_state(central, site)
        self.assert_whole(central)


if __name__ == "__main__":
    unittest.main()
