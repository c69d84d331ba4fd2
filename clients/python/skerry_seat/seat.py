"""One seat: the calls of the Licensing API, each asked until its answer is known."""

import http.client
import json
import re
import ssl
import time
import urllib.parse
import uuid

from .errors import BadLease, Refused, SeatError, Unreachable
from .lease import Lease, public_key, verify
from .state import NUMBER, TEXT, State, has_shape

FIRST_PAUSE_SECONDS = 0.2  # doubled with each attempt
PATH = "/v1/activations"
TOKEN = "skry_api_"  # what a token begins with, and no activation code
LEASED = {"id": TEXT, "product": TEXT, "seat_id": TEXT, "nonce": TEXT, "token": TEXT, "held": dict,
          "renew_after_seconds": NUMBER}
CHANGED = {"feature": TEXT, "held": int, "nonce": TEXT}  # of a feature


def is_later(status):
    return status >= 500 or status in (408, 429)


def is_answer(call, status, answer):
    """Whether the machine says this, and not something between it and here."""
    if not 200 <= status < 300:
        return 400 <= status and not is_later(status) and has_shape(answer, {"code": TEXT})
    if call["method"] == "DELETE":
        return status == 204
    if "/features/" in call["path"]:
        return has_shape(answer, CHANGED)
    is_first = call["path"] == PATH
    return has_shape(answer, {**LEASED, "secret": TEXT} if is_first else LEASED)


class Seat:
    """A seat and its state file. For one thread; close it, or use it in a `with`.

    server: "http://127.0.0.1:7070" or https. trusted_key: the public key of that machine, or of the
    vendor's central, as PEM or base64url, delivered with the application. Each call is on the disk
    before it is sent; when its answer does not come within `attempts`, it raises Unreachable and
    stays pending, and the next call (of this process or of one after a restart) first asks for that
    answer: the same request again, which the machine counts once.
    """

    def __init__(self, server, state, trusted_key, *, attempts=4, timeout_seconds=10.0,
                 tls=None):
        self.server = urllib.parse.urlsplit(server)
        if self.server.scheme not in ("http", "https") or not self.server.hostname:
            raise ValueError("the server is an address such as http://127.0.0.1:7070")
        public_key(trusted_key)
        self.trusted_key = trusted_key
        self.attempts, self.timeout_seconds, self.tls = attempts, timeout_seconds, tls
        self.started = time.monotonic(), time.time()
        self.state = State(state)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        """Lets the state file go. The seat stays."""
        self.state.close()

    # ---- without the network

    @property
    def has_seat(self):
        return self.state.seat is not None

    @property
    def held(self):
        """What this seat holds of element pools, by feature."""
        return dict(self.seat()["held"])

    @property
    def renew_after_seconds(self):
        """How long until the lease should be refreshed; 0: now."""
        seat = self.seat()
        return max(0.0, seat["received_at"] + seat["renew_after_seconds"] - self.now())

    def lease(self):
        """The lease, verified: BadLease when it is not for this seat or has ended.

        It ends as long after its arrival as it was given for, so this machine's clock need not
        agree with the other one's.
        """
        seat = self.seat()
        claims = verify(seat["token"], self.trusted_key, seat["product"], seat["seat_id"])
        ends_at = seat["received_at"] + claims["exp"] - claims["iat"]
        if self.now() >= ends_at:
            raise BadLease("the lease has ended: refresh it, or activate again")
        return Lease(claims, ends_at, self.now)

    # ---- with it

    def activate(self, code, product, seat_id, **names):
        """Takes a seat, or goes on with the one in the state file. names: seat_name, user, edition.

        code: an activation code, or a token that may take seats; blanks around it do not matter.
        A new one when the machine has ended that; until there is one, its token is kept.
        """
        code = code.strip()
        if code.startswith(TOKEN) and not re.fullmatch("[!-~]+", code):
            raise ValueError("no token has such characters")  # nor could it be sent, ever
        self.settle()
        seat = self.state.seat
        if seat and (seat["product"], seat["seat_id"]) == (product, seat_id):
            try:
                return self.refresh()
            except Refused as refusal:
                if refusal.code != "no_seat":
                    raise
        elif seat:
            raise SeatError("the state file holds another seat: release it, or use another file")
        body = {"product": product, "seat_id": seat_id, **names}
        if code.startswith(TOKEN):
            self.call("POST", "", body, {"Authorization": f"Bearer {code}"})
        else:
            self.call("POST", "", {"activation_code": code, **body})
        return self.lease()

    def refresh(self):
        self.settle()
        self.call("POST", "/refresh")
        return self.lease()

    def borrow(self, until):
        """A longer lease, for a machine that leaves the network. until: 2026-03-02T10:11:12Z."""
        self.settle()
        self.call("POST", "/borrow", {"until": until})
        return self.lease()

    def check_out(self, feature, amount=1):
        """Takes of an element pool, all or nothing: {"held": 2, "left": 6, …}."""
        return self.feature(feature, "checkout", amount)

    def give_back(self, feature, amount=1):
        return self.feature(feature, "return", amount)

    def use(self, feature, amount=1):
        """Consumes of a usage count: {"in_use": 10, "left": 90, …}."""
        return self.feature(feature, "usage", amount)

    def release(self):
        """The seat is free, and pools have back what it held."""
        self.settle()
        if self.has_seat:
            self.call("DELETE", "")

    def settle(self):
        """Finds out what became of a call whose answer was lost: gives that answer, or None.

        What was refused left nothing, and is not told again.
        """
        if self.state.pending is None:
            return None
        try:
            return self.ask()
        except Refused:
            return None

    # ---- inside

    def seat(self):
        if self.state.seat is None:
            raise SeatError("there is no seat: activate first")
        return self.state.seat

    def now(self):
        """The wall clock, which within a run cannot be set back."""
        monotonic, wall = self.started
        return max(time.time(), wall + time.monotonic() - monotonic)

    def feature(self, key, act, amount):
        self.settle()
        return self.call("POST", f"/features/{urllib.parse.quote(key, safe='')}/{act}",
                         {"amount": amount})

    def call(self, method, what, body=None, headers=None):
        headers = {"Idempotency-Key": str(uuid.uuid4()), **(headers or {})}
        path = PATH
        if what or method == "DELETE":
            seat = self.seat()
            path += f"/{seat['id']}{what}"
            headers |= {"Skerry-Seat-Secret": seat["secret"], "Skerry-Seat-Nonce": seat["nonce"]}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.state.pending = {"method": method, "path": path, "headers": headers,
                              "body": None if body is None else json.dumps(body)}
        try:
            self.state.save()
        except SeatError:
            self.state.pending = None  # not on the disk: never sent
            raise
        return self.ask()

    def ask(self):
        """Sends the pending call until it is answered, and keeps what it came to."""
        why = None
        for attempt in range(self.attempts):
            if attempt:
                time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
            try:
                status, answer = self.send(self.state.pending)
            except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
                why = error
                continue
            if is_answer(self.state.pending, status, answer):
                return self.take(status, answer)
            why = f"HTTP {status}" if is_later(status) else f"HTTP {status}, and no answer of ours"
        raise Unreachable(f"no answer from {self.server.netloc}: {why}")

    def send(self, call):
        host, port = self.server.hostname, self.server.port
        if self.server.scheme == "https":
            tls = self.tls or ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=self.timeout_seconds,
                                                     context=tls)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self.timeout_seconds)
        try:
            connection.request(call["method"], self.server.path.rstrip("/") + call["path"],
                               call["body"], call["headers"])
            reply = connection.getresponse()
            text = reply.read()
            return reply.status, json.loads(text) if text else {}
        finally:
            connection.close()

    def take(self, status, answer):
        call, self.state.pending = self.state.pending, None
        good = 200 <= status < 300
        # What the application gave back is gone. What a machine does not know stays with its token
        # until that ends, or another seat is here: perhaps it was asked at a wrong address.
        released = call["method"] == "DELETE" and (good or answer["code"] == "no_seat")
        if released:
            self.state.seat = None
        elif good:
            self.keep(answer)
        self.state.save()
        if not good and not released:
            raise Refused(status, answer)
        return answer

    def keep(self, answer):
        if "token" in answer:
            seat = {member: answer[member] for member in LEASED}
            seat["secret"] = answer["secret"] if "secret" in answer else self.seat()["secret"]
            seat["received_at"] = self.now()
            self.state.seat = seat
        else:
            self.seat().update(nonce=answer["nonce"])
            self.seat()["held"][answer["feature"]] = answer["held"]
