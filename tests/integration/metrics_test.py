"""What Prometheus is told, by Prometheus' own measure, and the alert rules that are shipped."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

from machine import RECIPIENT, MachineTest, wait_until

RULES = Path(__file__).resolve().parents[2] / "installer" / "prometheus"
# From the table of what must be there, in the design of the interface.
WANTED = ["skerry_conflicts_open", "skerry_rows_pending", "skerry_last_exchange_timestamp_seconds",
          "skerry_commit_seconds", "skerry_writer_queue_jobs", "skerry_database_bytes",
          "skerry_last_good_backup_timestamp_seconds", "skerry_free_bytes", "skerry_build_info"]

needs_promtool = unittest.skipUnless(shutil.which("promtool"), "needs promtool, of prometheus")


def promtool(*arguments, stdin=None):
    return subprocess.run(["promtool", *arguments], input=stdin, capture_output=True, text=True,
                          check=False, timeout=300)


def values(text):
    return {name: float(value) for name, value in
            re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


class Metrics(MachineTest):
    def metrics(self, machine):
        answer = machine.http("GET", "/metrics")
        self.assertEqual(answer.status, 200, answer)
        return answer.body.decode()

    @needs_promtool
    def test_promtool_finds_nothing(self):
        central, site, _ = self.new_pair()
        for machine in (central, site):
            done = promtool("check", "metrics", stdin=self.metrics(machine))
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_everything_that_is_wanted_is_there(self):
        central, site, _ = self.new_pair()
        for machine in (central, site):
            text = self.metrics(machine)
            for name in WANTED:
                self.assertIn(f"# TYPE {name} ", text)

    def test_nobody_waits_for_a_revoked_site(self):
        central, site, medium = self.new_pair()
        self.exchange(central, site, medium)
        name = f'skerry_last_exchange_timestamp_seconds{{peer="{self.site_id}"}}'
        self.assertIn(name, values(self.metrics(central)))
        central.ok("site", "revoke", "mine")
        self.assertNotIn(name, values(self.metrics(central)))

    def test_commits_are_a_histogram(self):
        machine = self.new_machine("central", "vendor")
        before = values(self.metrics(machine))
        for number in range(5):
            machine.create("customers", {"name": f"No. {number}"})
        after = values(self.metrics(machine))
        self.assertGreaterEqual(after["skerry_commit_seconds_count"],
                                before["skerry_commit_seconds_count"] + 5)
        self.assertGreater(after["skerry_commit_seconds_sum"], before["skerry_commit_seconds_sum"])
        buckets = [value for name, value in after.items() if "_bucket" in name]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], after["skerry_commit_seconds_count"])

    def test_the_size_of_the_database_is_that_of_the_file(self):
        machine = self.new_machine("central", "vendor")
        machine.stop()  # everything is in the file then
        machine.start()
        found = values(self.metrics(machine))["skerry_database_bytes"]
        size = (machine.data / "skerry.db").stat().st_size
        self.assertAlmostEqual(found, size, delta=size / 2)

    def test_the_last_good_backup(self):
        machine = self.new_machine("central", "vendor", f'[backup]\nrecipient = "{RECIPIENT}"\n')
        name = "skerry_last_good_backup_timestamp_seconds"
        self.assertNotIn(name, values(self.metrics(machine)))
        machine.ok("backup", "create")
        wait_until(lambda: name in values(self.metrics(machine)))
        self.assertGreater(values(self.metrics(machine))[name], 1.7e9)


@needs_promtool
class AlertRules(unittest.TestCase):
    def test_the_rules_are_rules(self):
        done = promtool("check", "rules", str(RULES / "skerry.rules.yml"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_they_fire_when_they_should(self):
        done = promtool("test", "rules", str(RULES / "skerry.test.yml"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_they_ask_for_is_what_is_told(self):
        asked = set(re.findall(r"skerry_\w+", (RULES / "skerry.rules.yml").read_text()))
        told = (RULES.parents[1] / "api" / "handlers" / "metrics.cpp").read_text()
        for name in asked:
            self.assertIn(f'"{name.removesuffix("_bucket")}"', told)


if __name__ == "__main__":
    unittest.main()
