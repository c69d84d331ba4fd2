"""The operations of the Licensing API, for operations_test.py."""

import uuid

from keygen_files import Account
from machine import RECIPIENT
from seats_world import sell


def a_key():
    return {"Idempotency-Key": str(uuid.uuid4())}


class SeatOperations:
    """Beside a MachineTest with ask()."""

    def test_5_seats(self):
        central = self.new_machine("central", "vendor")
        code, entitlement = sell(central)
        claim = {"activation_code": code, "product": "PRESS", "seat_id": "press-1"}
        made = self.ask(central, "POST", "/v1/activations", 201, claim, a_key()).json()
        made = self.ask(central, "POST", "/v1/activations", 200, claim, a_key()).json()
        customer = self.ask(central, "GET", "/v1/customers", 200).json()["items"][0]["id"]
        token = central.ok("token", "create", "press", "--access", "seats", "--customer", customer)
        by_right = a_key() | {"Authorization": f"Bearer {token.out.strip()}"}
        del claim["activation_code"]
        made = self.ask(central, "POST", "/v1/activations", 200, claim, by_right).json()
        claim["activation_code"] = code
        address = f"/v1/activations/{made['id']}"

        def call(method, what, status, body=None):
            nonlocal made
            headers = {"Skerry-Seat-Secret": made["secret"], "Skerry-Seat-Nonce": made["nonce"],
                       "Accept-Signature": "skerry=(\"@status\")", **a_key()}
            answer = self.ask(central, method, address + what, status, body, headers)
            if status == 200:
                made |= {"nonce": answer.json().get("nonce", made["nonce"])}

        call("GET", "", 200)
        call("POST", "/refresh", 200)
        for what in ("features/cores/checkout", "features/cores/return", "features/prints/usage"):
            call("POST", f"/{what}", 200, {"amount": 2})
        call("POST", "/features/cores/checkout", 409, {"amount": 9})
        call("POST", "/borrow", 200, {"until": made["lease_expires_at"]})
        call("POST", "/borrow", 422, {"until": "2999-01-01T00:00:00Z"})
        offline = {"format": "skerry-offline-request", "version": 1, "kind": "activate",
                   "activation_code": code, "product": "PRESS", "recipient": RECIPIENT}
        away = self.ask(central, "POST", "/v1/offline-activations", 201,
                        offline | {"id": str(uuid.uuid4()), "seat_id": "away"}).json()
        self.ask(central, "POST", "/v1/offline-activations", 409,
                 offline | {"id": str(uuid.uuid4()), "seat_id": "away-2"})
        self.ask(central, "POST", "/v1/activations", 409, claim | {"seat_id": "press-3"}, a_key())
        self.offline_calls(central, made, away["activation"])
        self.ask(central, "GET", "/v1/seat-pools", 200)
        self.ask(central, "GET", f"/v1/seat-pools/{entitlement}", 200)
        self.ask(central, "POST", f"/v1/seat-pools/{entitlement}:policy", 200,
                 {"show_holders": True})
        self.ask(central, "GET", "/v1/lease-clock", 200)
        self.usage(central, entitlement)

    def usage(self, central, entitlement):
        self.ask(central, "POST", "/v1/usage_facts:close", 200)
        facts = self.ask(central, "GET", f"/v1/usage_facts?entitlement={entitlement}", 200).json()
        self.read_and_change(central, "usage_facts", facts["items"][0])
        self.ask(central, "GET", "/v1/usage_facts:outgoing", 409)
        for form in ("json", "csv", "ndjson"):
            self.ask(central, "GET", f"/v1/usage-reports?by=day&format={form}", 200)
        self.ask(central, "GET", "/v1/usage-reports?by=week", 400)
        address = f"/v1/entitlements/{entitlement}:reduce"
        self.ask(central, "POST", address, 400, {"seats": 1})
        why = {"Skerry-Reason": "not paid"}
        self.ask(central, "POST", address, 422, {"seats": 9}, why)
        self.ask(central, "POST", address, 200, {"seats": 1}, why)

    def test_5_relay_licences(self):
        central = self.new_machine("central", "vendor")
        account = Account()
        self.addCleanup(account.close)
        licence, file = account.licence("K-1")
        body = {"file": file, "key": "K-1", "public_key": account.public_key, "pool": "prod"}
        self.ask(central, "POST", "/v1/relay-licences", 201, body, a_key())
        self.ask(central, "POST", "/v1/relay-licences", 409, body, a_key())
        self.ask(central, "POST", "/v1/relay-licences", 422, body | {"key": "K-2"}, a_key())
        self.ask(central, "GET", "/v1/relay-licences?pool=prod", 200)
        self.ask(central, "DELETE", f"/v1/relay-licences/{licence}", 204)
        self.ask(central, "DELETE", f"/v1/relay-licences/{licence}", 404)

    def offline_calls(self, central, here, away):
        """A borrowed seat's secret serves its files, too; another's does not."""
        def file(kind, seat, **more):
            return {"format": "skerry-offline-request", "version": 1, "id": str(uuid.uuid4()),
                    "kind": kind, "activation": seat, "secret": here["secret"], **more}
        address = f"/v1/activations/{here['id']}"
        self.ask(central, "POST", f"{address}/offline-refresh", 200,
                 file("refresh", here["id"], recipient=RECIPIENT))
        self.ask(central, "POST", f"/v1/activations/{away}/offline-return", 403,
                 file("return", away))
        self.ask(central, "POST", f"{address}/offline-return", 200,
                 file("return", here["id"]))
        claim = self.ask(central, "DELETE", f"/v1/activations/{away}", 204, None,
                         {"Skerry-Reason": "came back without its file"})
        self.assertEqual(claim.body, b"")
