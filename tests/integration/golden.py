"""What golden files are compared by: all that people wrote, and the shape of the database."""

import hashlib
import subprocess

KINDS = ("customers", "contacts", "locations", "notes", "products", "assets", "moves",
         "custom_fields")
OF_THE_MACHINE = {"created_at", "updated_at", "revision"}  # when this machine wrote it down


def exported(machine):
    """Every record of every kind by id, without what depends on when it came."""
    found = {}
    for kind in KINDS:
        lines = machine.ok("export", kind, "--format", "ndjson", "--archived", "include").lines()
        for record in lines:
            record = {name: value for name, value in record.items()
                      if name not in OF_THE_MACHINE}
            found[f"{kind}/{record['id']}"] = record
    return dict(sorted(found.items()))


def schema_of(database):
    """A digest of the tables and indexes; other bytes in the same shape have the same."""
    listed = subprocess.run(["sqlite3", f"file:{database}?mode=ro",
                             "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY sql"],
                            capture_output=True, text=True, check=True)
    return hashlib.sha256(listed.stdout.encode()).hexdigest()
