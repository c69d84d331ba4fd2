#!/usr/bin/env python3
"""Sells what `./dev bench licensing` uses: an entitlement for each number of seats.

Usage: seats_pools.py URL TOKEN SEATS…; prints for each a line "SEATS CODE".
"""

import http.client
import json
import sys
from urllib.parse import urlsplit


def main(url, token, *pools):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(path, body):
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            sys.exit(f"bench: POST {path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text)

    product = post("/v1/products", {"sku": "BENCH", "name": "Bench", "type": "software",
                                    "lease_seconds": 86400})["id"]
    edition = post("/v1/editions", {"product": product, "name": "Standard"})["id"]
    plan = post("/v1/plans", {"name": "For good", "license": "perpetual"})["id"]
    customer = post("/v1/customers", {"name": "Harbour"})["id"]
    for seats in map(int, pools):
        post("/v1/offerings", {"sku": f"BENCH-{seats}", "edition": edition, "plan": plan,
                               "seats": seats, "concurrency": "concurrent"})
        order = post("/v1/orders", {"customer": customer, "order_ref": str(seats)})["id"]
        post(f"/v1/orders/{order}:entitle", {"skus": [f"BENCH-{seats}"]})
        codes = post(f"/v1/orders/{order}:codes", {"count": 1})
        print(seats, codes["items"][0]["code"])


if __name__ == "__main__":
    main(*sys.argv[1:])
