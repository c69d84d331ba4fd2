#!/usr/bin/env python3
"""Makes the manual readable in any browser, offline: manual_html.py DOCS TARGET VERSION

Each Markdown file of docs/ that is for who uses or checks the program becomes a page, by cmark-gfm
(CommonMark with GitHub's tables). Links between them lead to the pages; a link that leads nowhere
ends the build. A page loads nothing: its style is in it, and its policy forbids the rest.
"""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

# What is shipped, in the order of the contents: title of the group, pattern below docs/.
GROUPS = (
    ("Use", ("manual.md",)),
    ("Formats, to the byte", ("formats/*.md",)),
    ("What holds", ("promises.md", "threat-model.md", "asvs.md", "bench.md")),
    ("Decisions", ("adr/*.md",)),
)
EXTENSIONS = ("table", "strikethrough", "autolink")
HEADING = re.compile(r"<h([1-4])>(.*?)</h\1>", re.S)
LINK = re.compile(r'(<a href=")([^"]*)(")')
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem 1.5rem; }
pre, code { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .7rem 1rem; border: 1px solid #8886; border-radius: 4px; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #8886; padding: .25rem .6rem; text-align: left; vertical-align: top; }
nav { border-bottom: 1px solid #8886; margin-bottom: 1rem; padding-bottom: .5rem; }
nav.contents { border: 1px solid #8886; padding: .5rem 1rem; border-radius: 4px; }
nav.contents ul { margin: 0; padding-left: 1.2rem; }
@media print { nav { display: none; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title} – Skerry {version}</title>
<style>{style}</style>
</head>
<body>
<nav><a href="{up}index.html">Skerry {version}</a> · <a href="{up}manual.html">Manual</a></nav>
{contents}<main>
{body}</main>
</body>
</html>
"""


def text_of(fragment):
    return html.unescape(re.sub(r"<[^>]+>", "", fragment)).strip()


def slug(title):
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def with_anchors(body):
    """The body with an id for every heading, and (level, id, title) of each."""
    seen, headings = {}, []

    def anchor(match):
        level, inner = int(match.group(1)), match.group(2)
        name = slug(text_of(inner))
        number = seen[name] = seen.get(name, -1) + 1
        name = f"{name}-{number}" if number else name
        headings.append((level, name, text_of(inner)))
        return f'<h{level} id="{name}">{inner}</h{level}>'

    return HEADING.sub(anchor, body), headings


def contents_of(headings):
    sections = [h for h in headings if h[0] == 2]
    if len(sections) < 3:
        return ""
    items = "".join(f'<li><a href="#{name}">{html.escape(title)}</a></li>\n'
                    for _, name, title in sections)
    return f'<nav class="contents"><ul>\n{items}</ul></nav>\n'


class Manual:
    def __init__(self, docs, target, version):
        self.docs, self.target, self.version = docs, target, version
        self.groups = [(title, [file for name in names for file in sorted(docs.glob(name))])
                       for title, names in GROUPS]
        self.files = {file for _, files in self.groups for file in files}

    def link(self, page, address):
        """Where a link of `page` leads in the manual; copies a file that is no page."""
        if re.match(r"[a-z]+:", address) or address.startswith("#"):
            return address
        path, _, anchor = address.partition("#")
        file = (page.parent / path).resolve()
        if file in self.files:
            path = path.removesuffix(".md") + ".html"
        elif file.is_file() and self.docs in file.parents:
            copy = self.target / file.relative_to(self.docs)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        else:
            sys.exit(f"{page}: the link to {address} leads out of the manual")
        return f"{path}#{anchor}" if anchor else path

    def write(self, name, title, contents, body):
        file = self.target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGE.format(title=html.escape(title), version=self.version, style=STYLE,
                                    up="../" * (len(Path(name).parts) - 1), contents=contents,
                                    body=body), encoding="utf-8")

    def page(self, file):
        """Writes one page; gives its address and title."""
        command = ["cmark-gfm"]
        for extension in EXTENSIONS:
            command += ["--extension", extension]
        done = subprocess.run([*command, file], capture_output=True, text=True, check=True)
        body, headings = with_anchors(done.stdout)
        body = LINK.sub(lambda m: m[1] + html.escape(self.link(file, html.unescape(m[2]))) + m[3],
                        body)
        name = file.relative_to(self.docs).with_suffix(".html").as_posix()
        title = headings[0][2] if headings else name
        self.write(name, title, contents_of(headings), body)
        return name, title

    def build(self):
        body = f"<h1>Skerry {self.version}</h1>\n"
        for title, files in self.groups:
            body += f"<h2>{title}</h2>\n<ul>\n"
            for file in files:
                name, of_page = self.page(file)
                body += f'<li><a href="{name}">{html.escape(of_page)}</a></li>\n'
            body += "</ul>\n"
        self.write("index.html", "The manual", "", body)


def main(docs, target, version):
    Manual(Path(docs).resolve(), Path(target).resolve(), version).build()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
