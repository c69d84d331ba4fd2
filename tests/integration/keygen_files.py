"""Licence files as Keygen's service makes them, with a key of the test's own.

AES-256-GCM and Ed25519 by the program openssl or by hand: the standard library has neither.
"""

import base64
import hashlib
import json
import os
import subprocess
import tempfile
import uuid
from pathlib import Path

# AES, as FIPS 197 has it: only to encrypt the counter blocks of GCM.
def times_two(value):
    return (value << 1 ^ (0x11B if value & 0x80 else 0)) & 0xFF


def make_sbox():
    p = q = 1
    box = [0] * 256
    while True:
        p ^= times_two(p)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        turned = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (turned ^ 0x63) & 0xFF
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = make_sbox()


def round_keys(key):
    words = [list(key[at:at + 4]) for at in range(0, 32, 4)]
    factor = 1
    while len(words) < 60:
        word = list(words[-1])
        if len(words) % 8 == 0:
            word = [SBOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= factor
            factor = times_two(factor)
        elif len(words) % 8 == 4:
            word = [SBOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(word, words[-8])])
    return [sum(words[at:at + 4], []) for at in range(0, 60, 4)]


def mix(column):
    doubled = [times_two(byte) for byte in column]
    return [doubled[i] ^ doubled[(i + 1) % 4] ^ column[(i + 1) % 4] ^ column[(i + 2) % 4]
            ^ column[(i + 3) % 4] for i in range(4)]


def encrypt_block(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [SBOX[byte] for byte in state]
        state = [state[(at + 4 * (at % 4)) % 16] for at in range(16)]
        if number < len(keys) - 1:
            state = sum((mix(state[at:at + 4]) for at in range(0, 16, 4)), [])
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def gcm_multiply(x, y):
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def seal(key, nonce, plain):
    """AES-256-GCM without associated data: (ciphertext, tag)."""
    keys = round_keys(key)
    subkey = int.from_bytes(encrypt_block(keys, bytes(16)), "big")
    sealed = bytearray()
    for number, at in enumerate(range(0, len(plain), 16), 2):
        stream = encrypt_block(keys, nonce + number.to_bytes(4, "big"))
        sealed += bytes(a ^ b for a, b in zip(plain[at:at + 16], stream))
    code = 0
    for at in range(0, len(sealed), 16):
        block = bytes(sealed[at:at + 16]).ljust(16, b"\0")
        code = gcm_multiply(code ^ int.from_bytes(block, "big"), subkey)
    code = gcm_multiply(code ^ len(sealed) * 8, subkey)
    first = int.from_bytes(encrypt_block(keys, nonce + (1).to_bytes(4, "big")), "big")
    return bytes(sealed), (code ^ first).to_bytes(16, "big")


def base64_of(data):
    return base64.b64encode(data).decode()


class Account:
    """A Keygen account: its key, and licences that it checks out."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="skerry-keygen-")
        self.file = Path(self.folder.name) / "key.pem"
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", str(self.file))
        shown = self.openssl("pkey", "-in", str(self.file), "-pubout", "-outform", "DER")
        self.public_key = shown[-32:].hex()

    def close(self):
        self.folder.cleanup()

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout

    def sign(self, text):
        message = Path(self.folder.name) / "message"
        message.write_bytes(text)
        return self.openssl("pkeyutl", "-sign", "-inkey", str(self.file), "-rawin", "-in",
                            str(message))

    def licence(self, key, encrypted=True, expiry=None, file_expiry=None, **attributes):
        """(id, text of the file). Expiries as Keygen writes them, or None: never."""
        licence = str(uuid.uuid4())
        content = {"data": {"id": licence, "type": "licenses", "attributes": {
            "key": key, "expiry": expiry, "metadata": {"share": 0.5}, **attributes}},
            "included": [], "meta": {"issued": "2026-01-01T00:00:00.000Z", "expiry": file_expiry,
                                     "ttl": None}}
        return licence, self.certificate(json.dumps(content).encode(), key, encrypted)

    def certificate(self, content, key, encrypted=True, alg=None):
        if encrypted:
            nonce = os.urandom(12)
            sealed, tag = seal(hashlib.sha256(key.encode()).digest(), nonce, content)
            enc = ".".join(map(base64_of, (sealed, nonce, tag)))
        else:
            enc = base64_of(content)
        inside = {"enc": enc, "sig": base64_of(self.sign(b"license/" + enc.encode())),
                  "alg": alg or ("aes-256-gcm+ed25519" if encrypted else "base64+ed25519")}
        lines = base64.encodebytes(json.dumps(inside).encode()).decode()
        return f"-----BEGIN LICENSE FILE-----\n{lines}-----END LICENSE FILE-----\n"
