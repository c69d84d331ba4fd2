"""Records made of the document's own examples, for tests that need one of each kind."""

import re


def kinds(document):
    """{kind: (plural, the body of a new record)}: what can be made and patched."""
    found = {}
    for path, item in document["paths"].items():
        plural = re.fullmatch(r"/v1/([a-z_]+)", path)
        if plural and "post" in item and "patch" in document["paths"].get(f"{path}/{{id}}", {}):
            media = item["post"]["requestBody"]["content"]["application/json"]
            word = media["schema"]["$ref"].rsplit("/", 1)[1].removesuffix("Create")
            kind = re.sub(r"(?<!^)([A-Z])", r"_\1", word).lower()
            found[kind] = (plural.group(1), media["example"])
    return found


def members_of(document, kind):
    word = "".join(part.title() for part in kind.split("_"))
    return document["components"]["schemas"][f"{word}Create"]["properties"]


def new_record(document, kind, made):
    """The example; its references lead to what was `made` (KeyError if not)."""
    body = dict(kinds(document)[kind][1])
    members = members_of(document, kind)
    for name in body:
        target = re.match(r"The id of a record: ([a-z_]+)", members[name].get("description", ""))
        if target:
            body[name] = made[target.group(1)]["id"]
    return body


def one_of_each(document, create):
    """{kind: record}, in an order that references allow. `create(plural, body)` gives a record."""
    # Allocations go to a site, and an invitation makes it.
    made = {"site": create("sites:invite", {"name": "for allocations"})["site"]}
    waiting = list(kinds(document))
    while waiting:
        before = len(waiting)
        for kind in list(waiting):
            try:
                body = new_record(document, kind, made)
            except KeyError:
                continue  # it refers to a kind that comes later
            made[kind] = create(kinds(document)[kind][0], body)
            waiting.remove(kind)
        assert len(waiting) < before, f"{waiting} refer to each other"
    del made["site"]
    return made
