"""Every code that a complaint about a field can carry is explained: core/field_codes.cpp or
core/errc.cpp has a row for it, and has none for a code that nobody says."""

import re

from sources import Finding

TABLE, REASONS = "core/field_codes.cpp", "core/errc.cpp"
SPOKEN_IN = ("core/", "crypto/", "store/", "licensing/", "sync/", "api/", "daemon/")
SLUG = re.compile(r'"([a-z][a-z0-9]*(?:_[a-z0-9]+)*)"')
# What makes a complaint: its last two arguments are the code and the detail.
MAKERS = re.compile(r"\b(?:refuse|refuse_parse|refusal|complain|complaint|bad_member|say)$")
# A complaint as a list of its members, in a list of them or handed to what gathers them.
LISTS = re.compile(r"(?:\{|\b(?:Field|Table)Error(?: \w+)?|"
                   r"\b(?:push_back|take|error|end|refuse_row)\()\s*$")
SLUGS = re.compile(r'"\w+",\s*$')  # a list of names, and no pointer before a code
# There `refuse` has a member and the reason, and no code.
WITHOUT_CODES = ("core/change.cpp",)
UNSAID = re.compile(r",\s*\{\}")  # no detail: it is for the program itself
ROW = re.compile(r'^\s*\{"(\w+)",', re.M)
REASON = re.compile(r'ErrcInfo\{[\w:]+,\s*"(\w+)"')


def enclosing(code, at):
    """The offset of the bracket that is open at `at`."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if code[i] in ")}]":
            depth += 1
        elif code[i] in "({[":
            if depth == 0:
                return i
            depth -= 1
        elif code[i] == ";" and depth == 0:
            return -1
    return -1


def arguments_behind(code, at):
    """How many arguments of the list that is open at `at` come behind this one."""
    depth = commas = 0
    for c in code[at:]:
        if c in "({[":
            depth += 1
        elif c in ")}]":
            if depth == 0:
                return commas
            depth -= 1
        elif c == "," and depth == 0:
            commas += 1
    return 0


def spoken(source):
    """(code, offset) of each complaint that this source can make."""
    for match in SLUG.finditer(source.text):
        if source.code[match.start()] != '"' or source.path in WITHOUT_CODES:
            continue
        if UNSAID.match(source.code, match.end()):
            continue
        bracket = enclosing(source.code, match.start())
        if bracket < 0 or arguments_behind(source.code, match.end()) != 1:
            continue
        before = source.code[:bracket].rstrip()
        if MAKERS.search(before) if source.code[bracket] == "(" else (
                LISTS.search(before) and "," in source.code[bracket:match.start()]
                and not SLUGS.search(source.text[bracket:match.start()])):
            yield match.group(1), match.start()


def check_codes(sources):
    texts = {source.path: source for source in sources}
    if TABLE not in texts:
        return []  # a tree without codes explains none
    rows = {row.group(1): row for row in ROW.finditer(texts[TABLE].text)}
    reasons = set(REASON.findall(texts[REASONS].text)) if REASONS in texts else set()
    findings, said = [], set()
    for source in sources:
        if not source.is_cpp or not source.path.startswith(SPOKEN_IN) or source.path == TABLE:
            continue
        for code, offset in spoken(source):
            said.add(code)
            if code not in rows and code not in reasons:
                findings.append(Finding(source.path, source.line_at(offset),
                                        f"nothing explains the code '{code}'",
                                        f"add a row to {TABLE}"))
    findings += [Finding(TABLE, texts[TABLE].line_at(row.start()),
                         f"nothing says the code '{code}'", "remove the row")
                 for code, row in sorted(rows.items()) if code not in said]
    return findings
