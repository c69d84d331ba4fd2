"""Writes docs/openapi.json from what the program serves: ./dev openapi [--accept-breaking].

Names every difference. One that would break clients of the copy is refused unless it is accepted.
"""

import sys

from differences import differences
from served import COPY, copy_text, read_copy, served_document


def main(arguments):
    unknown = [each for each in arguments if each != "--accept-breaking"]
    if unknown:
        print(f"openapi does not know {unknown[0]}", file=sys.stderr)
        return 64
    document, old = served_document(), read_copy()
    found = differences(old, document) if old else []
    for each in found:
        print(each)
    breaking = sum(each.breaking for each in found)
    if breaking and "--accept-breaking" not in arguments:
        print(f"{breaking} differences break clients; {COPY.name} is left as it was.\n"
              "When they are meant: ./dev openapi --accept-breaking", file=sys.stderr)
        return 1
    COPY.write_text(copy_text(document), encoding="utf-8")
    print(f"Wrote {COPY.name}: {len(document['paths'])} paths, {len(found)} differences.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
