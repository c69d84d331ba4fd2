"""The manual as HTML: every link leads to something, nothing is loaded, every command is real."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKERRY = os.environ.get("SKERRY", "skerry")
# What makes a browser fetch something by itself, and the attribute that names it.
LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src",
           "object": "data", "embed": "src", "video": "src", "audio": "src", "base": "href",
           "form": "action"}


class Page(HTMLParser):
    def __init__(self, file):
        super().__init__()
        self.ids, self.links, self.loads, self.open = [], [], [], []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found.get("href", ""))
        if tag in LOADING or tag == "script":
            self.loads.append(tag)
        self.loads += [f"{tag} {name}" for name in found if name.startswith("on")]


def build(docs, target):
    return subprocess.run([sys.executable, "-B", ROOT / "installer/manual_html.py", docs, target,
                           "1.2.3"], capture_output=True, text=True, check=False)


class ManualTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="skerry-manual-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        made = build(ROOT / "docs", cls.folder)
        assert made.returncode == 0, made.stderr
        cls.pages = {file.resolve(): Page(file) for file in cls.folder.rglob("*.html")}

    def test_all_of_it_is_there(self):
        names = {p.relative_to(self.folder.resolve()).as_posix() for p in self.pages}
        self.assertLessEqual({"index.html", "manual.html", "promises.html", "threat-model.html",
                              "formats/bundle.html"}, names)
        self.assertEqual(len([n for n in names if n.startswith("adr/")]),
                         len(list((ROOT / "docs/adr").glob("*.md"))))

    def test_every_link_leads_somewhere(self):
        followed = 0
        for file, page in self.pages.items():
            for link in page.links:
                if re.match(r"https?://", link):
                    continue  # a person may follow it; no browser does by itself
                path, _, anchor = link.partition("#")
                target = (file.parent / path).resolve() if path else file
                self.assertTrue(target.is_file(), f"{file.name}: {link}")
                if anchor:
                    self.assertIn(anchor, self.pages[target].ids, f"{file.name}: {link}")
                followed += 1
        self.assertGreater(followed, 100)

    def test_every_page_is_reached_from_the_first(self):
        first = (self.folder / "index.html").resolve()
        linked = {(first.parent / link.partition("#")[0]).resolve()
                  for link in self.pages[first].links}
        self.assertEqual(set(self.pages) - linked - {first}, set())

    def test_nothing_is_loaded(self):
        for file, page in self.pages.items():
            text = file.read_text(encoding="utf-8")
            self.assertEqual(page.loads, [], file.name)
            self.assertNotRegex(text, r"@import|url\s*\(", file.name)
            self.assertIn("default-src 'none'", text)
            self.assertEqual(len(page.ids), len(set(page.ids)), f"{file.name}: an id twice")

    def test_twice_the_same_bytes(self):
        again = self.folder.parent / (self.folder.name + "-again")
        self.addCleanup(shutil.rmtree, again)
        self.assertEqual(build(ROOT / "docs", again).returncode, 0)
        for file in self.pages:
            other = again / file.relative_to(self.folder.resolve())
            self.assertEqual(file.read_bytes(), other.read_bytes())

    def test_a_link_that_leads_nowhere_ends_the_build(self):
        with tempfile.TemporaryDirectory() as folder:
            docs = Path(folder, "docs")
            docs.mkdir()
            for text, code in (("# A\n[b](b.md)\n", 1), ("# A\n[b](../other)\n", 1),
                               ("# A\n[b](#a)\n", 0)):
                (docs / "manual.md").write_text(text, encoding="utf-8")
                made = build(docs, Path(folder, "html"))
                self.assertEqual(made.returncode, code, f"{text}: {made.stderr}")

    def test_the_manual_names_commands_that_exist(self):
        """Each `skerry NOUN VERB` of its examples is one that the program describes."""
        page = subprocess.run([SKERRY, "man"], capture_output=True, text=True, check=True).stdout
        known = {line.removeprefix(".SS skerry ").replace("\\-", "-")
                 for line in page.splitlines() if line.startswith(".SS skerry ")}
        nouns = {path.split()[0] for path in known}
        text = (ROOT / "docs/manual.md").read_text(encoding="utf-8")
        blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.S))
        used = re.findall(r"(?:^|-- |sudo )skerry ([a-z]+)(?: ([a-z]+))?(?: ([a-z]+))?", blocks,
                          re.M)
        self.assertGreater(len(used), 50)
        for words in used:
            paths = {" ".join(words[:n]) for n in (1, 2, 3)}
            self.assertIn(words[0], nouns)
            self.assertTrue(paths & known, f"skerry {' '.join(words)}")


if __name__ == "__main__":
    if not shutil.which("cmark-gfm"):
        print("skipped: cmark-gfm is not installed")
        sys.exit(77)
    unittest.main()
