#!/usr/bin/env python3
"""Writes what `./dev bench records` asks for: a file of paths for each of its subjects.

Usage: records_paths.py URL TOKEN FOLDER
"""

import http.client
import json
import random
import sys
from pathlib import Path
from urllib.parse import urlsplit

DEEP_PAGES = 200  # of 500 records; or as many as there are
SAMPLES = 2000


class Daemon:
    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path):
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"bench: GET {path}: {answer.status} {body.decode(errors='replace')}")
        return json.loads(body)


def chain(daemon, path):
    """The paths of the pages behind the first one, in steps of 500, and the records seen."""
    paths, records = [], []
    page = daemon.get(f"{path}limit=500")
    while True:
        records += page["items"]
        cursor = page["next_cursor"]
        if not cursor or len(paths) == DEEP_PAGES:
            return paths, records
        paths.append(f"{path}limit=50&cursor={cursor}")
        page = daemon.get(f"{path}limit=500&cursor={cursor}")


def deep(paths):
    """The later half, as many of each list whatever the table: pages of one mix are compared."""
    later = paths[len(paths) // 2:]
    return [later[i % len(later)] for i in range(DEEP_PAGES // 2)]


def search_paths(assets, customers):
    """Whole serials, beginnings of them, words that every record has, several words. Two digits
    begin as many serials as fill a page with 10,000 assets, too: answers of one length are
    compared."""
    paths = []
    for asset in random.sample(assets, min(len(assets), SAMPLES)):
        serial = asset["serial"]
        number = serial.split("-")[1]
        paths += [f"/v1/search?q={serial}", f"/v1/assets?q=sn+{number[:6]}", "/v1/assets?q=sn",
                  f"/v1/assets?q={number[:2]}"]
    for customer in random.sample(customers, min(len(customers), SAMPLES)):
        name = customer["name"].replace(" ", "+")
        paths += [f"/v1/search?q={name}", "/v1/customers?q=gmb",
                  f"/v1/customers?q=customer+{name.split('+')[1][:5]}"]
    return paths


def main(url, token, folder):
    daemon = Daemon(url, token)
    by_id, assets = chain(daemon, "/v1/assets?")
    by_serial, _ = chain(daemon, "/v1/assets?sort=serial&")
    by_name, customers = chain(daemon, "/v1/customers?sort=name&")
    subjects = {
        "first": ["/v1/assets", "/v1/assets?sort=serial", "/v1/assets?sort=-serial",
                  "/v1/customers?sort=name", "/v1/assets?status=operational"],
        "deep": deep(by_id) + deep(by_serial) + deep(by_name),
        "search": search_paths(assets, customers),
        "page": [f"/v1/customers/{customer['id']}/summary" for customer in customers],
    }
    for subject, paths in subjects.items():
        (folder / f"records.{subject}.paths").write_text("\n".join(paths) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
