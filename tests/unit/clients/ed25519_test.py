"""The Python client's Ed25519: the vectors of RFC 8032, section 7.1, and what must be refused."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "clients" / "python"))
from skerry_seat import ed25519  # noqa: E402  (the path first)

VECTORS = (  # name, public key, message, signature
    ("test 1", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("test 2", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("test 3", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ("test SHA(abc)", "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
)
KEY, MESSAGE, SIGNATURE = (bytes.fromhex(text) for text in VECTORS[2][1:])


class Ed25519Test(unittest.TestCase):
    def test_the_vectors_are_accepted(self):
        for name, *vector in VECTORS:
            with self.subTest(name):
                self.assertTrue(ed25519.verify(*map(bytes.fromhex, vector)))

    def test_every_changed_bit_of_a_signature_is_noticed(self):
        for bit in range(0, 512, 7):
            changed = bytearray(SIGNATURE)
            changed[bit // 8] ^= 1 << bit % 8
            self.assertFalse(ed25519.verify(KEY, MESSAGE, bytes(changed)), bit)

    def test_another_message_or_key_is_noticed(self):
        self.assertFalse(ed25519.verify(KEY, MESSAGE + b"\0", SIGNATURE))
        self.assertFalse(ed25519.verify(bytes.fromhex(VECTORS[0][1]), MESSAGE, SIGNATURE))

    def test_a_signature_has_one_form(self):
        """S + the group's order would fit the equation, too: RFC 8032 says to refuse it."""
        scalar = int.from_bytes(SIGNATURE[32:], "little") + ed25519.ORDER
        self.assertFalse(ed25519.verify(KEY, MESSAGE,
                                        SIGNATURE[:32] + scalar.to_bytes(32, "little")))

    def test_what_is_no_point_or_has_another_length_is_refused(self):
        self.assertFalse(ed25519.verify(b"\xff" * 32, MESSAGE, SIGNATURE))
        self.assertFalse(ed25519.verify((2).to_bytes(32, "little"), MESSAGE, SIGNATURE))
        self.assertFalse(ed25519.verify(KEY, MESSAGE, SIGNATURE[:63]))
        self.assertFalse(ed25519.verify(KEY[:31], MESSAGE, SIGNATURE))


if __name__ == "__main__":
    unittest.main()
