"""What tests of seats have in common: something that was sold, and an application that uses it."""

import itertools

LEASE_SECONDS = 600


class Application:
    """What an application knows and sends. It has no token of the machine."""

    keys = itertools.count()

    def __init__(self, machine, code, seat, product="PRESS"):
        self.machine, self.code, self.seat, self.product = machine, code, seat, product
        self.id = self.secret = self.nonce = None

    def activate(self, key=None, **members):
        body = {"activation_code": self.code, "product": self.product, "seat_id": self.seat,
                **members}
        answer = self.send("POST", "/v1/activations", body, key)
        if answer.status in (200, 201):
            made = answer.json()
            self.id, self.secret, self.nonce = made["id"], made["secret"], made["nonce"]
        return answer

    def call(self, method, what="", body=None, key=None, heard=True):
        """`heard`: whether the reply arrives."""
        answer = self.send(method, f"/v1/activations/{self.id}{what}", body, key)
        if heard and answer.status == 200 and "nonce" in answer.json():
            self.nonce = answer.json()["nonce"]
        return answer

    def send(self, method, path, body, key):
        headers = {"Idempotency-Key": key or f"call-{next(self.keys)}"}
        if self.secret:
            headers |= {"Skerry-Seat-Secret": self.secret, "Skerry-Seat-Nonce": self.nonce}
        return self.machine.http(method, path, body, headers)

    def clone(self):
        twin = Application(self.machine, self.code, self.seat, self.product)
        twin.id, twin.secret, twin.nonce = self.id, self.secret, self.nonce
        return twin


def sell(central):
    """Two concurrent seats of ten minutes, eight cores, a hundred prints: (code, entitlement)."""
    create = central.create
    product = create("products", {"sku": "PRESS", "name": "Press", "type": "software",
                                  "lease_seconds": LEASE_SECONDS})["id"]
    for key, kind, amount in (("cores", "element_pool", 8), ("prints", "usage_count", 100)):
        create("features", {"product": product, "key": key, "type": kind, "amount": amount})
    edition = create("editions", {"product": product, "name": "Standard"})["id"]
    plan = create("plans", {"name": "For good", "license": "perpetual"})["id"]
    create("offerings", {"sku": "PRESS-2", "edition": edition, "plan": plan, "seats": 2,
                         "concurrency": "concurrent"})
    customer = create("customers", {"name": "Harbour"})["id"]
    order = create("orders", {"customer": customer, "order_ref": "4711"})["id"]
    entitled = central.http("POST", f"/v1/orders/{order}:entitle", {"skus": ["PRESS-2"]})
    assert entitled.status == 201, entitled
    codes = central.http("POST", f"/v1/orders/{order}:codes", {"count": 1})
    assert codes.status == 201, codes
    return codes.json()["items"][0]["code"], entitled.json()["items"][0]["id"]
