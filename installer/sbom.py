#!/usr/bin/env python3
"""The libraries that a program runs with, as SPDX 2.3 in JSON: the Debian package of each, with its
version and its source, by which Debian's security tracker knows it (vulnerable.py). The same
program on the same machine gives the same text.

Usage: sbom.py PROGRAM VERSION
"""

import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def libraries(program):
    """The files that the loader maps."""
    for line in lines_of("ldd", program):
        if "=>" in line:
            yield Path(line.split("=>")[1].split()[0])


def owner(library):
    """Of the Debian package that the library belongs to: name, version, those of its source."""
    for path in (library.resolve(), Path("/usr") / library.relative_to("/"), library):
        found = subprocess.run(["dpkg-query", "-S", str(path)], capture_output=True, text=True)
        if found.returncode == 0:
            name = found.stdout.split(":")[0]
            shown = "-f=${Version}\n${source:Package}\n${source:Version}\n"
            return name, *lines_of("dpkg-query", "-W", shown, name)[:3]
    sys.exit(f"sbom: no package owns {library}")


def package(name, version, **more):
    return {"SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, **more}


def main(program, version):
    digest = hashlib.sha256(Path(program).read_bytes()).hexdigest()
    owners = sorted({owner(library) for library in libraries(program)})
    created = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), timezone.utc)
    packages = [package("skerry", version, licenseDeclared="Apache-2.0",
                        checksums=[{"algorithm": "SHA256", "checksumValue": digest}])]
    packages += [package(name, number, sourceInfo=f"Debian source package {source} {of_source}",
                         externalRefs=[{
        "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
        "referenceLocator": f"pkg:deb/debian/{name}@{number}"}])
                 for name, number, source, of_source in owners]
    links = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
              "relatedSpdxElement": "SPDXRef-skerry"}]
    links += [{"spdxElementId": "SPDXRef-skerry", "relationshipType": "DEPENDS_ON",
               "relatedSpdxElement": f"SPDXRef-{name}"} for name, *_ in owners]
    json.dump({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
               "name": f"skerry-{version}",
               "documentNamespace": f"https://skerry.invalid/spdx/{version}/{digest}",
               "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                                "creators": ["Tool: skerry-sbom"]},
               "packages": packages, "relationships": links}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
