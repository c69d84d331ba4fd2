#!/usr/bin/env python3
"""Prints what run.sh measured: rates, then ratios round by round, then each target of the project.

Usage: table.py FOLDER, with `results.tsv` (name, round, value) and Google Benchmark's
inner.json and exchange.json; any may be missing.
"""

import json
import statistics
import sys
from pathlib import Path

CONNECTIONS = ("1", "16", "64")

# title, numerator, denominator, what is wanted. {c}: each number of connections; what is wanted
# holds at 64 then.
RATIOS = (
    ("GET by id / bare Beast", "get.small.{c}", "bare_beast.{c}", (">=", 0.5)),
    ("GET by id / own server without records", "get.small.{c}", "bare_skerry.{c}", None),
    ("GET, large / small database", "get.large.{c}", "get.small.{c}", (">=", 0.7)),
    ("POST / one commit per request", "post.small.{c}", "post_single.small.{c}", (">=", 5)),
    ("POST, large / small database", "post.large.{c}", "post.small.{c}", None),
    ("POST / fdatasync rate", "post.small.{c}", "post.small.{c}.fdatasync_per_s", None),
    ("time of a first page, many / few assets", "records.first.few.16", "records.first.many.16",
     ("<=", 1.5)),
    ("time of a deep page, many / few assets", "records.deep.few.16", "records.deep.many.16",
     ("<=", 1.5)),
    ("time of a search, many / few assets", "records.search.few.16", "records.search.many.16",
     ("<=", 1.5)),
    ("time of a customer page, many / few assets", "records.page.few.16", "records.page.many.16",
     ("<=", 1.5)),
    ("claim, 100,000 / 100 seats, 16 clients", "seats.claim.100000.16", "seats.claim.100.16",
     (">=", 0.8)),
    ("claim, 10,000 seats / bare Beast", "seats.claim.10000.{c}", "bare_beast.{c}", None),
    ("claim, 10,000 seats, 16 clients / fdatasync rate", "seats.claim.10000.16",
     "seats.claim.10000.16.fdatasync_per_s", None),
    ("refresh, 10,000 seats / bare Beast", "seats.refresh.10000.{c}", "bare_beast.{c}", None),
    ("import of changes / bare SQLite insert", "import_changes", "sqlite_insert", (">=", 0.4)),
    ("import of changes / the same with search", "import_changes", "sqlite_insert_with_search",
     None),
    ("creating records / bare SQLite insert", "create_records", "sqlite_insert", None),
    ("creating records / the same with search", "create_records", "sqlite_insert_with_search",
     None),
    ("import of a table / bare SQLite insert", "import_csv", "sqlite_insert", None),
    ("import of state / bare SQLite insert", "import_state", "sqlite_insert", None),
    ("import by command line / bare SQLite insert", "cli.import_edits", "sqlite_insert", None),
    ("peak memory, bundle import of many / of a tenth", "memory.import_large_mib",
     "memory.import_small_mib", ("<=", 1.5)),
    ("peak memory, export of many / of a tenth", "memory.export_large_mib",
     "memory.export_small_mib", ("<=", 1.5)),
    ("strict JSON / Boost.JSON", "parse_json_strict", "parse_json_boost", None),
)

# title, name, unit, what is wanted
TARGETS = (
    ("durable POST at 64 connections", "post.small.64", "1/s", (">=", 15000)),
    ("durable claims, 10,000 seats, 16 clients", "seats.claim.10000.16", "1/s", (">=", 10000)),
    ("the same, 99 %", "seats.claim.10000.16.p99_us", "us", ("<=", 25000)),
    ("refreshes, 10,000 seats, 16 clients", "seats.refresh.10000.16", "1/s", (">=", 25000)),
    ("first page of many, 99 %", "records.first.many.16.p99_us", "us", ("<=", 20000)),
    ("deep page of many, 99 %", "records.deep.many.16.p99_us", "us", ("<=", 20000)),
    ("search in many, 99 %", "records.search.many.16.p99_us", "us", ("<=", 20000)),
    ("customer page of many, 99 %", "records.page.many.16.p99_us", "us", ("<=", 20000)),
    ("export of changes", "export_changes", "1/s", (">=", 100000)),
    ("import of a table, fewer rows", "cli.import_csv.fewer", "rows/s", (">=", 30000)),
    ("import of a table, all rows", "cli.import_csv.all", "rows/s", (">=", 30000)),
    ("the writer's share of a row", "cli.import_csv.all.writer_us", "us", ("<=", 30)),
    ("peak memory of that import", "memory.import_csv_all_mib", "MiB", ("<=", 160)),
    ("bytes a change, sp500 import", "bytes.sp500", "B", ("<=", 90)),
    ("bytes a change, many edits", "bytes.edits", "B", ("<=", 60)),
    ("idle memory", "memory.idle_mib", "MiB", ("<=", 25)),
    ("start to ready, large database", "start.ready_ms", "ms", ("<=", 100)),
    ("requests that failed in a run", "errors", "", ("<=", 0)),
)


def read_tsv(path, measured):
    for line in path.read_text(encoding="utf-8").splitlines():
        name, turn, value = line.split("\t")
        measured.setdefault(name, {})[turn] = float(value)


def read_benchmarks(path, measured):
    """Items or bytes a second of each repetition."""
    for run in json.loads(path.read_text(encoding="utf-8"))["benchmarks"]:
        if run.get("run_type") == "aggregate":
            continue
        name = run["run_name"].split("/iterations")[0]
        turn = str(run.get("repetition_index", 0) + 1)
        rate = run.get("items_per_second") or run.get("bytes_per_second", 0) / 1e6
        measured.setdefault(name, {})[turn] = rate
        if "ratio" in run:
            measured.setdefault(f"{name}.ratio", {})[turn] = run["ratio"]
        if "bytes_per_change" in run:
            measured.setdefault("bytes.creates", {})[turn] = run["bytes_per_change"]


def short(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}"


def spread(values):
    values = list(values)
    return (f"{short(statistics.median(values)):>10}  "
            f"({short(min(values))} to {short(max(values))}, {len(values)})")


def ratios_of(measured, upper, lower):
    """Round by round; where the rounds of the two do not match, each to the other's median."""
    above, below = measured.get(upper), measured.get(lower)
    if not above or not below:
        return []
    median = statistics.median(below.values())
    return [value / (below.get(turn) or median) for turn, value in above.items() if median]


def verdict(values, wanted):
    """A figure is reached when its worst round reaches it."""
    sign, bound = wanted
    meets = (lambda value: value >= bound) if sign == ">=" else (lambda value: value <= bound)
    if all(map(meets, values)):
        return "reached"
    return "in the median" if meets(statistics.median(values)) else "MISSED"


def latency(measured, name):
    """Median and 99th percentile in microseconds, medians over the rounds."""
    found = [measured.get(f"{name}.{part}") for part in ("median_us", "p99_us")]
    if not all(found):
        return ""
    middle, high = (statistics.median(values.values()) for values in found)
    return f"  {short(middle)} us, 99% {short(high)} us"


def disk(measured, name):
    found = measured.get(f"{name}.fdatasync_us")
    return f"  fdatasync {short(statistics.median(found.values()))} us" if found else ""


def print_rates(measured):
    print("Medians (least to most, rounds); rates are per second, MB/s for streams of bytes")
    for name in sorted(measured):
        if name == "errors" or name.endswith(("_us", ".fdatasync_per_s")):
            continue
        print(f"  {name:<26}{spread(measured[name].values())}"
              f"{latency(measured, name)}{disk(measured, name)}")


def print_ratios(measured):
    """Prints them all; returns those that something is wanted of."""
    print("\nRatios within a round: median (least to most, rounds)")
    bounded = []
    for title, upper, lower, wanted in RATIOS:
        for connections in CONNECTIONS if "{c}" in upper else ("",):
            found = ratios_of(measured, upper.replace("{c}", connections),
                              lower.replace("{c}", connections))
            if not found:
                continue
            name = f"{title}, {connections}" if connections else title
            print(f"  {name:<48}{spread(found)}")
            if wanted and connections in ("", "64"):
                bounded.append((name, "", found, wanted))
    return bounded


def print_verdicts(measured, bounded):
    print("\nWanted, and what was reached: median (least to most, rounds)")
    for title, name, unit, wanted in TARGETS:
        if name in measured:
            bounded.append((title, unit, list(measured[name].values()), wanted))
    for title, unit, values, wanted in bounded:
        bound = f"{wanted[0]} {wanted[1]:,} {unit}"
        print(f"  {title:<48}{bound:<18}{spread(values):<38}{verdict(values, wanted)}")
    probes = [value for name, values in measured.items() if name.endswith(".fdatasync_us")
              for value in values.values()]
    if probes:
        print(f"  fdatasync of 4 KiB beside the durable figures, microseconds: {spread(probes)}")


def main(folder):
    measured = {}
    if (folder / "results.tsv").exists():
        read_tsv(folder / "results.tsv", measured)
    for name in ("inner.json", "exchange.json"):
        if (folder / name).exists():
            read_benchmarks(folder / name, measured)
    if not measured:
        print("nothing was measured")
        return
    print_rates(measured)
    print_verdicts(measured, print_ratios(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
