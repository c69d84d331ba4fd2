"""Who may include whom: the tables of ARCHITECTURE.md against every #include of the tree."""

import re

from sources import Finding

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
LAYERS_HEADING = "## Layers"
CONFINED_HEADING = "## Third-party headers"
EVERYWHERE = "everywhere"  # a header that is not confined
EVERY_FOLDER = "every folder"  # a folder below no other, such as tests
PLATFORM = re.compile(
    r"^(sys|netinet|net|arpa|linux)/|"
    r"^(dirent|fcntl|grp|malloc|netdb|poll|pthread|pwd|sched|signal|spawn)\.h$|"
    r"^(stdlib|strings|syslog|termios|unistd)\.h$"
)
STANDARD = re.compile(r"^[a-z_0-9]+$")


def table_below(architecture, heading):
    """The rows of the first table below `heading`: (line number, cells), without the head."""
    rows, inside = [], False
    for number, line in enumerate(architecture.lines, 1):
        if line.startswith("## "):
            inside = line.strip() == heading
        elif inside and line.startswith("|"):
            rows.append((number, [cell.strip() for cell in line.strip().strip("|").split("|")]))
    return rows[2:]


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


class Allowance:
    """`who` (a folder or file) may include `what` (a folder, or a third-party prefix)."""

    def __init__(self, line, who, what):
        self.line, self.who, self.what, self.used = line, who, what, False


class Rules:
    def __init__(self, architecture):
        self.path = architecture.path
        self.layers, self.confined, self.free, self.unbound = {}, {}, {}, set()
        for line, (folder, allowed, *_) in table_below(architecture, LAYERS_HEADING):
            who = names(folder)[0]
            self.layers[who] = [Allowance(line, who, what) for what in names(allowed)]
            if allowed == EVERY_FOLDER:
                self.unbound.add(who)
        for line, (headers, folders, *_) in table_below(architecture, CONFINED_HEADING):
            for prefix in names(headers):
                if folders == EVERYWHERE:
                    self.free[prefix] = Allowance(line, EVERYWHERE, prefix)
                else:
                    self.confined[prefix] = [Allowance(line, who, prefix) for who in names(folders)]


def owner_of(path):
    """The folder whose rules hold for a file: a unit test follows the folder that it mirrors."""
    parts = path.split("/")
    if parts[:2] == ["tests", "unit"] and len(parts) > 3:
        return parts[2]
    return parts[0]


def starts_with(header, prefix):
    """`boost/json` stands for boost/json.hpp and for all below boost/json/."""
    return header.startswith((prefix + "/", prefix + "."))


def covers(who, path):
    """An allowance for a folder also holds for its unit tests; one for a file only for the file."""
    if "." in who.rsplit("/", 1)[-1]:
        return who == path
    return path.startswith(who + "/") or owner_of(path) == who


def check_own(source, line, header, rules):
    target = header.split("/")[0]
    owner = owner_of(source.path)
    if "/" not in header:
        return [Finding(source.path, line, f'"{header}" is not written from the root',
                        f'write #include "{source.path.rsplit("/", 1)[0]}/{header}"')]
    if target == owner or owner in rules.unbound:
        return []
    if target == "tests" and source.path.startswith("tests/"):
        return []
    for allowance in rules.layers.get(owner, []):
        if allowance.what == target:
            allowance.used = allowance.used or not source.path.startswith("tests/")
            return []
    return [Finding(source.path, line, f"{owner} may not include {target}",
                    f"move the code, or change the table Layers in {rules.path} with a reason")]


def check_foreign(source, line, header, rules):
    if STANDARD.match(header) or PLATFORM.match(header):
        return []
    for prefix, allowance in rules.free.items():
        if starts_with(header, prefix):
            allowance.used = True
            return []
    for prefix, allowances in rules.confined.items():
        if not starts_with(header, prefix):
            continue
        # The narrowest allowance counts as used: tests/unit/store is store's, not that of tests.
        fitting = [a for a in allowances if covers(a.who, source.path)]
        if fitting:
            exact = [a for a in fitting if a.who == owner_of(source.path)]
            (exact or fitting)[0].used = True
            return []
        places = ", ".join(allowance.who for allowance in allowances)
        return [Finding(source.path, line, f"<{header}> is confined to {places}",
                        "use that folder's own interface")]
    return [Finding(source.path, line, f"<{header}> is not in the table of third-party headers",
                    f"add it to {rules.path} with the folder it is confined to, or do without")]


def has_code(folder, sources):
    """A folder that is still empty is not asked to use what it may use."""
    prefix = folder + "/"
    return any(s.path == folder or (s.path.startswith(prefix) and s.path.endswith(".cpp"))
               for s in sources)


def check_includes(sources):
    architecture = next((s for s in sources if s.path == "ARCHITECTURE.md"), None)
    if architecture is None:
        return [Finding("ARCHITECTURE.md", 1, "the document is missing", "restore it")]
    rules = Rules(architecture)
    if not rules.layers or not rules.confined:
        return [Finding(architecture.path, 1, "the tables of layers or headers are missing",
                        f"restore the tables below '{LAYERS_HEADING}' and '{CONFINED_HEADING}'")]
    findings = []
    for source in (s for s in sources if s.is_cpp):
        for match in INCLUDE.finditer(source.text):
            check = check_own if match.group(1) == '"' else check_foreign
            line = source.line_at(match.start(1))
            findings += check(source, line, match.group(2), rules)
    allowances = [a for row in (*rules.layers.values(), *rules.confined.values()) for a in row]
    for allowance in allowances + list(rules.free.values()):
        if not allowance.used and (allowance.who == EVERYWHERE or has_code(allowance.who, sources)):
            findings.append(Finding(rules.path, allowance.line,
                                    f"nobody in {allowance.who} uses {allowance.what}",
                                    "take it out of the table"))
    return findings
