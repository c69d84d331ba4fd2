"""The tree as the checks see it: files, and C++ with its comments and literals made blank."""

import os
import re
from pathlib import Path
from typing import NamedTuple

SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__"}
# Corpora and recorded inputs are data: nobody wrote them by hand.
DATA_FOLDERS = ("docs/design/", "tests/fuzz/corpus/", "tests/data/")
CPP = (".cpp", ".hpp")


class Finding(NamedTuple):
    path: str
    line: int
    what: str
    remedy: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}; {self.remedy}"


class Source:
    """One text file. `code` (C++ only) is `text` with comments and literals blank, same offsets."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.splitlines()
        self.is_cpp = path.endswith(CPP)
        self.is_header = path.endswith(".hpp")
        self.is_script = path.endswith(".sh") or text.startswith("#!/usr/bin/env bash")
        self.is_python = path.endswith(".py")
        self.is_cmake = path.endswith(("CMakeLists.txt", ".cmake"))
        self.is_javascript = path.endswith(".js")
        self.is_code = (self.is_cpp or self.is_script or self.is_python or self.is_cmake
                        or self.is_javascript)
        self.code = blank(text) if self.is_cpp else ""

    def line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1


LITERAL = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<raw>R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")"""
    r"""|(?P<text>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<number>\b[0-9](?:'?[0-9a-zA-Z_.])*)"""
    r"""|(?P<char>'(?:\\.|[^'\\\n])+')""",
    re.S | re.X,
)


def blank(text):
    """Spaces for comments and for the inside of literals; offsets and line ends stay."""

    def cover(match):
        whole = match.group(0)
        if match.group("number"):
            return whole.replace("'", "0")
        filler = re.sub(r"[^\n]", " ", whole)
        if match.group("comment"):
            return filler
        return whole[0].replace("R", '"') + filler[1:-1] + whole[-1]

    return LITERAL.sub(cover, text)


def read_tree(root):
    """Every text file below `root`, with paths relative to it."""
    sources = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if relative.startswith(DATA_FOLDERS) or name == ".git":
                continue
            try:
                sources.append(Source(relative, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue
    return sources
