"""Rules of ADR 8: what g++ 12.2 compiles wrongly, or Asio swallows, in coroutines.

These are heuristics over blanked text (sources.blank), good for code that clang-format laid out.
"""

import re

from sources import Finding

PAIRS = {"(": ")", "[": "]", "{": "}"}
BLOCK_BEFORE = re.compile(
    r"(^|[;{}:)\]]|\b(else|do|try|const|noexcept|mutable|override|final)"
    r"|\)[^;{}]*->[^;{}()]*|\)[^;{}]*->[^;{}]*>"
    r"|\b(namespace|class|struct|enum|union|extern|concept|requires)\b[^;{}()]*)$"
)
LAMBDA = re.compile(r"(?<![\w)\]\[])\s*\[(?!\[)[^\[\]]*\]\s*(\([^()]*\)[^;{}()]*)?\{")
NAMES_ONLY = "put it into a named variable on a line of its own (ADR 8)"


def opens_block(code, brace):
    """Does this '{' begin a block of statements, rather than an initialiser?"""
    start = max(code.rfind(mark, 0, brace) for mark in ";{}")
    before = code[max(start, 0):brace].rstrip()
    return BLOCK_BEFORE.search(before) is not None


def closing(code, opening):
    """The offset of the bracket that closes the one at `opening`, or the end of the text."""
    depth = 0
    for at in range(opening, len(code)):
        if code[at] in PAIRS:
            depth += 1
        elif code[at] in PAIRS.values():
            depth -= 1
            if depth == 0:
                return at
    return len(code)


def statements(code):
    """(start, end) of each statement, the inner before the outer. One ends at ';' or at the braces
    of a block; the body of a lambda among arguments is a block inside the statement."""
    frames = [[True, 0]]  # per open bracket: is it a block, and where its current statement began
    for at, char in enumerate(code):
        if char in PAIRS:
            block = char == "{" and opens_block(code, at)
            if block and frames[-1][0]:
                yield frames[-1][1], at
            frames.append([block, at + 1])
        elif char in PAIRS.values() and len(frames) > 1:
            block, start = frames.pop()
            if block:
                yield start, at
                if frames[-1][0]:
                    frames[-1][1] = at + 1
        elif char == ";" and frames[-1][0]:
            yield frames[-1][1], at
            frames[-1][1] = at + 1
    yield frames[0][1], len(code)


def statement_around(ranges, offset):
    return next(((start, end) for start, end in ranges if start <= offset < end), (offset, offset))


def without_lambda_bodies(statement):
    """The statement with the inside of its lambdas blanked: what runs there is not part of it."""
    for match in LAMBDA.finditer(statement):
        brace = match.end() - 1
        end = closing(statement, brace)
        inner = re.sub(r"[^\n]", " ", statement[brace + 1:end])
        statement = statement[:brace + 1] + inner + statement[end:]
    return statement


def check_await_statements(source):
    findings = []
    awaits = list(re.finditer(r"\bco_await\b", source.code))
    ranges = list(statements(source.code)) if awaits else []
    for match in awaits:
        start, end = statement_around(ranges, match.start())
        statement = without_lambda_bodies(source.code[start:end])
        line = source.line_at(match.start())
        if LAMBDA.search(statement):
            findings.append(Finding(source.path, line, "a lambda in a co_await statement",
                                    NAMES_ONLY))
        elif "{" in statement:
            findings.append(Finding(source.path, line, "braces in a co_await statement",
                                    NAMES_ONLY))
        if "?" in statement:
            findings.append(Finding(source.path, line, "?: in a co_await statement", NAMES_ONLY))
    return findings


def check_await_in_catch(source):
    findings = []
    for match in re.finditer(r"\bcatch\s*\([^)]*\)\s*\{", source.code):
        body_end = closing(source.code, match.end() - 1)
        for inner in re.finditer(r"\bco_await\b", source.code[match.end():body_end]):
            findings.append(Finding(source.path, source.line_at(match.end() + inner.start()),
                                    "co_await in a catch block",
                                    "keep the error, leave the block, then wait (ADR 8)"))
    return findings


def check_detached(source):
    return [Finding(source.path, source.line_at(match.start()), "a detached coroutine",
                    "it swallows exceptions; start it with spawn() (ADR 8)")
            for match in re.finditer(r"::detached(_t)?\b", source.code)]
