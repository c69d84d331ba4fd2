"""Every hazard of reconciliation has a test named after it, or docs/promises.md says why not."""

import re

from sources import Finding

PROMISES = "docs/promises.md"
HAZARDS = range(1, 29)
ROW = re.compile(r"^\| H(\d+) \|[^|]*\|([^|]*)\|", re.M)
NAMED = re.compile(r"\bH(\d+)_[A-Z]\w*")
OPEN = "open:"


def check_hazards(sources):
    promises = next((source for source in sources if source.path == PROMISES), None)
    if promises is None:
        return []  # a tree without promises makes none
    rows = {int(row.group(1)): row for row in ROW.finditer(promises.text)}
    named = {int(number) for source in sources if source.path.startswith("tests/")
             and source.is_cpp for number in NAMED.findall(source.code)}
    findings = []
    for hazard in HAZARDS:
        row = rows.get(hazard)
        if row is None:
            findings.append(Finding(PROMISES, 1, f"H{hazard} has no row",
                                    "add it to the table of hazards"))
            continue
        is_open = row.group(2).strip().startswith(OPEN)
        if is_open == (hazard in named):
            findings.append(Finding(
                PROMISES, promises.line_at(row.start()),
                f"H{hazard} is called open, and has a test" if is_open
                else f"no test is named H{hazard}_…",
                f"name the test in its row, or begin the cell with '{OPEN}' and say what misses"))
    return findings
