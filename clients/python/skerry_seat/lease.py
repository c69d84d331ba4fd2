"""The lease token: a JWS that says who may run what until when (docs/formats/lease-token.md)."""

import base64
import binascii
import json
import re
import time

from . import ed25519
from .errors import BadLease

TYPE, SITE_TYPE = "skerry-lease+jwt", "skerry-site+jwt"
KEY_INFO = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo before the 32 bytes


def from_base64url(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise BadLease("the token is not base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise BadLease("the token is not base64url") from error


def public_key(text):
    """32 bytes: of the PEM in `keys/sign.pub.pem`, or of the member `x` of a JWK."""
    inner = re.search(r"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", text, re.S)
    try:
        if inner:
            info = base64.b64decode("".join(inner.group(1).split()), validate=True)
            key = info[len(KEY_INFO):] if info.startswith(KEY_INFO) else b""
        else:
            key = from_base64url(text.strip())
    except (binascii.Error, BadLease):
        key = b""
    if len(key) != 32:
        raise ValueError("the trusted key is no Ed25519 public key, as PEM or base64url")
    return key


class Lease:
    """Claims that were verified, and how long they hold."""

    def __init__(self, claims, ends_at, clock=time.time):
        self.claims = claims
        self.ends_at = ends_at  # seconds since 1970, by `clock`
        self.clock = clock

    @property
    def seconds_left(self):
        return max(0.0, self.ends_at - self.clock())

    @property
    def features(self):
        return self.claims["features"]

    @property
    def attributes(self):
        return self.claims["attributes"]

    def allows(self, feature):
        """Whether a feature is on; of a count or a pool, whether there is any of it."""
        found = self.features.get(feature)
        if found is None:
            return False
        return found["enabled"] if found["type"] == "bool" else found["amount"] != 0


def parts(text):
    """Header, claims, signature, and what it is over. Nothing is verified yet."""
    pieces = text.split(".")
    if len(pieces) != 3:
        raise BadLease("the token has not three parts")
    head, body, signature = map(from_base64url, pieces)
    try:
        header, claims = json.loads(head), json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadLease("the token is no JSON") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise BadLease("the token does not say what a lease token says")
    return header, claims, signature, f"{pieces[0]}.{pieces[1]}".encode()


def signed_claims(text, key, kind):
    """The claims of a signed text of this type by `key` (32 bytes); else BadLease."""
    header, claims, signature, signed = parts(text)
    if (header.get("alg"), header.get("typ")) != ("EdDSA", kind):
        raise BadLease("the text that was signed is no lease token")
    if not ed25519.verify(key, signed, signature):
        raise BadLease("the token is not signed by the trusted key")
    return claims


def claims_by(token, key):
    """The claims of a lease that `key` signed, or a site that `key` vouches for in its header."""
    try:
        return signed_claims(token, key, TYPE)
    except BadLease:
        chain = parts(token)[0].get("chain")
        if not isinstance(chain, list) or len(chain) != 1 or not isinstance(chain[0], str):
            raise
    site = signed_claims(chain[0], key, SITE_TYPE)
    try:
        claims = signed_claims(token, public_key(site["jwk"]["x"]), TYPE)
    except (KeyError, TypeError, ValueError) as error:
        raise BadLease("the certificate of the site names no key") from error
    if site.get("iss") != "central" or claims.get("iss") != site.get("sub"):
        raise BadLease("the certificate in the token is of another site")
    return claims


def verify(token, trusted_key, product, seat_id):
    """The claims of a token for this product and seat that is signed by `trusted_key`, or by a site
    whose key that one certified (the vendor's); else BadLease.

    Whether the lease has ended is the caller's question.
    """
    claims = claims_by(token, public_key(trusted_key))
    if (claims.get("aud"), claims.get("seat_id")) != (product, seat_id):
        raise BadLease("the lease is of another product or seat")
    if not isinstance(claims.get("iat"), int) or not isinstance(claims.get("exp"), int):
        raise BadLease("the token does not say what a lease token says")
    return claims
