#!/usr/bin/env python3
"""The rules of the tree that no compiler checks. Usage: tidy.py [ROOT]; CTest runs it as `tidy`."""

import sys
from pathlib import Path

import asvs
import codes
import coroutines
import hazards
import layering
import rules
import tools
from sources import read_tree

# Each takes one source and returns its findings.
FILE_CHECKS = (
    rules.check_file_length,
    rules.check_line_length,
    rules.check_names,
    rules.check_unfinished,
    rules.check_machine_paths,
    rules.check_pragma_once,
    rules.check_using_namespace,
    coroutines.check_await_statements,
    coroutines.check_await_in_catch,
    coroutines.check_detached,
)
# Each takes all sources.
TREE_CHECKS = (layering.check_includes, rules.check_listed_in_cmake, hazards.check_hazards,
               asvs.check_asvs, asvs.check_named_tests, codes.check_codes)
# Each takes all sources and the root, and returns None where its program is not installed.
TOOL_CHECKS = (tools.check_shellcheck, tools.check_clang_format)


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    sources = read_tree(root)
    findings = [f for source in sources for check in FILE_CHECKS for f in check(source)]
    for check in TREE_CHECKS:
        findings += check(sources)
    for check in TOOL_CHECKS:
        found = check(sources, root)
        if found is None:
            print(f"{check.__name__}: skipped, the program is not installed")
        else:
            findings += found
    for finding in sorted(findings):
        print(finding)
    print(f"{len(sources)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
