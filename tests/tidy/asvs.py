"""docs/asvs.md answers every requirement, counts right, and names only tests that exist."""

import re
from collections import Counter

from sources import Finding

ANSWERS = "docs/asvs.md"
VERDICTS = ("yes", "part", "no", "n/a")
# The requirements of ASVS 5.0.0 at the levels 1 and 2: by section, the numbers.
SECTIONS = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2",
    "2.1": "1-3", "2.2": "1-3", "2.3": "1-4", "2.4": "1-1",
    "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2",
    "4.1": "1-3", "4.2": "1-1", "4.3": "1-2", "4.4": "1-4",
    "5.1": "1-1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3",
    "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3",
    "6.8": "1-4",
    "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1-1", "8.4": "1-1",
    "9.1": "1-3", "9.2": "1-4",
    "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2",
    "10.7": "1-3",
    "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1-1", "11.6": "1-1",
    "12.1": "1-3", "12.2": "1-2", "12.3": "1-4",
    "13.1": "1-1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5",
    "14.1": "1-2", "14.2": "1-4", "14.3": "1-3",
    "15.1": "1-3", "15.2": "1-3", "15.3": "1-7",
    "16.1": "1-1", "16.2": "1-5", "16.3": "1-4", "16.4": "1-3", "16.5": "1-3",
    "17.1": "1-1", "17.2": "1-4", "17.3": "1-2",
}
ROW = re.compile(r"^\| V(\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| \*\*([^*]+)\*\*: ?([^|]*)\|$", re.M)
COUNTS = re.compile(r"^Of (\d+) requirements: (\d+) yes, (\d+) part, (\d+) no, (\d+) n/a\.$", re.M)
NAMED = re.compile(r"`((?:unit|integration|contract|installer|corpus)_\w+|simulation|tidy)`"
                   r"(?: \(([^)]+)\))?")
TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")


def requirements():
    return {f"{section}.{number}" for section, numbers in SECTIONS.items()
            for first, last in (map(int, numbers.split("-")),)
            for number in range(first, last + 1)}


class Tests:
    """Which tests the tree has: by CTest's name, and of unit tests each suite and test."""

    def __init__(self, sources):
        self.names, self.within = {"simulation", "tidy"}, {}
        for source in sources:
            folder, _, file = source.path.rpartition("/")
            script = re.fullmatch(r"tests/(integration|contract|installer)/(\w+)_test\.py",
                                  source.path)
            client = re.fullmatch(r"tests/unit/clients/(\w+)_test\.py", source.path)
            fuzz = re.fullmatch(r"tests/fuzz/(\w+)_fuzz\.cpp", source.path)
            if script:
                self.names.add(f"{script[1]}_{script[2]}")
            elif client:
                self.names.add(f"unit_client_{client[1]}")
            elif fuzz:
                self.names.add(f"corpus_{fuzz[1]}")
            elif file == "CMakeLists.txt":
                for name in re.findall(r"^skerry_test\((\w+)", source.text, re.M):
                    self.names.add(f"unit_{name}")
                    self.within[f"unit_{name}"] = self.of_folder(sources, folder)

    @staticmethod
    def of_folder(sources, folder):
        found = set()
        for source in sources:
            if source.is_cpp and source.path.startswith(folder + "/"):
                for suite, test in TEST.findall(source.text):
                    found |= {suite, f"{suite}.{test}"}
        return found

    def missing(self, name, inner):
        """What of `name` (A, B.C) is no test."""
        if name not in self.names:
            return [name]
        if name not in self.within:
            return []
        wanted = [each.strip() for each in (inner or "").split(",") if each.strip()]
        return [f"{name} ({each})" for each in wanted if each not in self.within[name]]


def check_rows(answers, tests):
    findings, verdicts = [], Counter()

    def find(offset, what, remedy):
        findings.append(Finding(ANSWERS, answers.line_at(offset), what, remedy))

    seen = Counter()
    for row in ROW.finditer(answers.text):
        number, _, _, verdict, reason = row.groups()
        seen[number] += 1
        verdicts[verdict] += 1
        named = NAMED.findall(reason)
        if verdict not in VERDICTS:
            find(row.start(), f"V{number}: '{verdict}'", f"say one of {', '.join(VERDICTS)}")
        elif len(reason.strip()) < 4:
            find(row.start(), f"V{number}: no reason", "say why")
        elif verdict == "yes" and not named and "`./dev " not in reason:
            find(row.start(), f"V{number}: yes without a test", "name the test, or say part")
        for missing in (each for name, inner in named for each in tests.missing(name, inner)):
            find(row.start(), f"V{number}: there is no test {missing}", "name one that exists")
    for number in sorted(requirements() ^ set(seen)):
        find(0, f"V{number} is {'not answered' if number not in seen else 'no requirement'}",
             "one row for each requirement of levels 1 and 2")
    for number in (each for each, times in seen.items() if times > 1):
        find(0, f"V{number} is answered twice", "one row for each requirement")
    counted = COUNTS.search(answers.text)
    right = [sum(verdicts.values()), *(verdicts[each] for each in VERDICTS)]
    if counted is None or [int(each) for each in counted.groups()] != right:
        find(counted.start() if counted else 0, "the counts are not those of the rows",
             "Of {} requirements: {} yes, {} part, {} no, {} n/a.".format(*right))
    return findings


def check_asvs(sources):
    answers = next((source for source in sources if source.path == ANSWERS), None)
    return [] if answers is None else check_rows(answers, Tests(sources))


def check_named_tests(sources):
    """What docs/*.md call a test of ours is one."""
    documents = [s for s in sources if re.fullmatch(r"docs/[\w-]+\.md", s.path)]
    if not documents:
        return []
    tests = Tests(sources)
    return [Finding(document.path, document.line_at(named.start()),
                    f"there is no test {named.group(1)}", "name one that exists")
            for document in documents if document.path != ANSWERS
            for named in NAMED.finditer(document.text) if named.group(1) not in tests.names]
