"""Rules about names, sizes and single lines."""

import re

from sources import Finding

FILE_LINES_MAX = 400
LINE_CHARACTERS_MAX = 100
VAGUE = {"util", "utils", "common", "helper", "helpers", "misc", "manager", "managers"}
# Put together from parts, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX")) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.~}*-])/(root|home|work|Users)/\w")


def check_file_length(source):
    if source.is_code and len(source.lines) > FILE_LINES_MAX:
        return [Finding(source.path, len(source.lines),
                        f"{len(source.lines)} lines, more than {FILE_LINES_MAX}",
                        "split it by what its parts mean")]
    return []


def check_line_length(source):
    if not source.is_code:
        return []
    return [Finding(source.path, number, f"{len(line)} characters, more than {LINE_CHARACTERS_MAX}",
                    "break the line")
            for number, line in enumerate(source.lines, 1) if len(line) > LINE_CHARACTERS_MAX]


def check_names(source):
    words = set(re.split(r"[/._-]", source.path.lower()))
    return [Finding(source.path, 1, f"the name says '{word}'", "name it after what it does")
            for word in sorted(words & VAGUE)]


def check_unfinished(source):
    return [Finding(source.path, number, f"'{match.group(0)}' in the tree",
                    "do it now, or open an issue")
            for number, line in enumerate(source.lines, 1)
            for match in UNFINISHED.finditer(line)]


def check_machine_paths(source):
    return [Finding(source.path, number, f"'{match.group(0)}…' is a path of one machine",
                    "make it relative, or take it from an option")
            for number, line in enumerate(source.lines, 1)
            for match in MACHINE_PATH.finditer(line)]


def check_pragma_once(source):
    if source.is_header and not re.search(r"^#pragma once$", source.text, re.M):
        return [Finding(source.path, 1, "no #pragma once", "add it below the first comment")]
    return []


def check_using_namespace(source):
    if not source.is_header:
        return []
    return [Finding(source.path, source.line_at(match.start()), "using namespace in a header",
                    "it reaches everybody who includes this; name what is used")
            for match in re.finditer(r"\busing\s+namespace\b", source.code)]


def check_listed_in_cmake(sources):
    """Every .cpp is named, relative, in the CMakeLists.txt of a folder above it."""
    lists = {s.path[: -len("CMakeLists.txt")]: set(re.split(r"[\s()\"]+", s.text))
             for s in sources if s.path.endswith("CMakeLists.txt")}
    findings = []
    for source in sources:
        if not source.path.endswith(".cpp"):
            continue
        above = [folder for folder in lists if source.path.startswith(folder)]
        if not any(source.path[len(folder):] in lists[folder] for folder in above):
            nearest = max(above, key=len, default="") + "CMakeLists.txt"
            findings.append(Finding(source.path, 1, "no CMakeLists.txt lists this file",
                                    f"add it to {nearest}, or delete it"))
    return findings
