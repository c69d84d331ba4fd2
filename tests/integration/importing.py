"""What tests of files of records share."""

import csv
import io

from machine import MachineTest


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


class Import(MachineTest):
    def setUp(self):
        super().setUp()
        self.central = self.new_machine("central", "vendor")

    def file(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def take(self, kind, text, *options):
        return self.central.run("import", kind, self.file(f"{kind}.csv", text), "--json", *options)

    def must_take(self, kind, text, *options):
        outcome = self.take(kind, text, *options)
        self.assertEqual(outcome.code, 0, outcome)
        report = outcome.document()
        return [report[name] for name in ("created", "updated", "unchanged", "rejected")]

    def count(self, kind):
        return self.central.status()["records"][kind]

    def export(self, kind, *options):
        return self.central.ok("export", kind, *options).out
