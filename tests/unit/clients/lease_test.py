"""The Python client reads lease tokens as docs/formats/lease-token.md says."""

import base64
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "clients" / "python"))
from skerry_seat import BadLease, Lease, verify  # noqa: E402  (the path first)

PAGE = (ROOT / "docs/formats/lease-token.md").read_text(encoding="utf-8")
TOKEN = re.search(r"```text\n(.*?)\n```", PAGE, re.S).group(1)
RAW_KEY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
KEY = base64.urlsafe_b64encode(RAW_KEY).decode().rstrip("=")
PEM = ("-----BEGIN PUBLIC KEY-----\n"
       + base64.b64encode(bytes.fromhex("302a300506032b6570032100") + RAW_KEY).decode()
       + "\n-----END PUBLIC KEY-----\n")
HOURS = 3600


class LeaseTest(unittest.TestCase):
    def test_the_example_holds(self):
        for key in (KEY, PEM, KEY + "\n"):
            claims = verify(TOKEN, key, "PRESS", "press-07")
            self.assertEqual((claims["iat"], claims["exp"]), (1_780_000_000, 1_780_000_600))

    def test_the_vectors_are_refused(self):
        refused = PAGE.split("## Vectors that must be refused")[1].split("\n## ")[0]
        vectors = re.findall(r"^\| (.*?) \| `([^`]{60,})` \|$", refused, re.M)
        self.assertEqual(len(vectors), 3)
        for what, token in vectors:
            with self.subTest(what), self.assertRaises(BadLease):
                verify(token, KEY, "PRESS", "press-07")

    def test_a_token_of_another_product_seat_or_key_is_refused(self):
        for key, product, seat in ((KEY, "OTHER", "press-07"), (KEY, "PRESS", "press-08"),
                                   ("A" * 43, "PRESS", "press-07")):
            with self.assertRaises(BadLease):
                verify(TOKEN, key, product, seat)

    def test_what_is_no_token_is_refused(self):
        for text in ("", ".", "..", "a.b", TOKEN + ".", TOKEN[:-1], "=" + TOKEN, "ä.b.c", "a.b.c"):
            with self.subTest(text), self.assertRaises(BadLease):
                verify(text, KEY, "PRESS", "press-07")

    def test_what_is_no_key_is_the_callers_mistake(self):
        for key in ("", "A", KEY[:-1], PEM.replace("MCow", "AAAA"), "ä"):
            with self.subTest(key), self.assertRaises(ValueError):
                verify(TOKEN, key, "PRESS", "press-07")

    def test_the_vendors_key_leads_to_the_site(self):
        vendor = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"  # RFC 8032, test 2
        rows = dict(re.findall(r"^\| (.*?) \| `([^`]{60,})` \|$",
                               PAGE.split("## The way to central")[1], re.M))
        token = rows.pop("the token with its chain")
        for key in (vendor, KEY):  # that of the site itself, too
            self.assertEqual(verify(token, key, "PRESS", "press-07")["exp"], 1_780_000_600)
        with self.assertRaises(BadLease):
            verify(token, vendor, "PRESS", "press-08")
        self.assertEqual(len(rows), 2)
        for what, wrong in (*rows.items(), ("without its chain", TOKEN)):
            with self.subTest(what), self.assertRaises(BadLease):
                verify(wrong, vendor, "PRESS", "press-07")

    def test_what_is_signed_and_no_json_is_refused(self):
        deep = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
        for text in (f"{deep}.{deep}.", "W10.W10.", "bnVsbA.e30.AAAA"):
            with self.assertRaises(BadLease):
                verify(text, KEY, "PRESS", "press-07")

    def test_features_are_asked_by_name(self):
        claims = verify(TOKEN, KEY, "PRESS", "press-07")
        claims["features"]["none"] = {"type": "element_pool", "amount": 0}
        lease = Lease(claims, 100, lambda: 40)
        self.assertEqual([lease.allows(key) for key in ("export", "cores", "prints", "none", "x")],
                         [True, True, True, False, False])
        self.assertEqual((lease.seconds_left, lease.attributes["tier"]), (60, "gold"))


if __name__ == "__main__":
    unittest.main()
