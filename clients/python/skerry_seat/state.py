"""What an application must not forget of its seat: one small file, replaced whole."""

import fcntl
import json
import os
from pathlib import Path

from .errors import SeatError

VERSION = 1
TEXT, NUMBER = str, (int, float)
SEAT = {"id": TEXT, "product": TEXT, "seat_id": TEXT, "secret": TEXT, "nonce": TEXT, "token": TEXT,
        "held": dict, "renew_after_seconds": NUMBER, "received_at": NUMBER}
CALL = {"method": TEXT, "path": TEXT, "headers": dict, "body": (TEXT, type(None))}


def has_shape(value, shape):
    """Whether `value` is an object with these members of these types, and perhaps others."""
    return isinstance(value, dict) and all(
        member in value and isinstance(value[member], kind) for member, kind in shape.items())


def is_call(value):
    return has_shape(value, CALL) and has_shape(value["headers"], dict.fromkeys(value["headers"],
                                                                                TEXT))


class State:
    """`seat` is what the machine gave, `pending` a call whose answer is not known yet; or None.

    Whoever opened the file holds it (a lock beside it): two processes that went on as one seat
    would be taken for clones.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.seat = self.pending = None
        self.lock = None
        try:
            self.lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.load()
        except BlockingIOError as error:
            self.close()
            raise SeatError(f"another process holds {self.path}: one seat is for one") from error
        except OSError as error:
            self.close()
            raise SeatError(f"{self.path} cannot be opened: {error}") from error
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def load(self):
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["version"] != VERSION:
                raise ValueError("the version is unknown")
            seat, pending = kept["seat"], kept["pending"]
            if not (seat is None or has_shape(seat, SEAT)) or not (pending is None
                                                                   or is_call(pending)):
                raise ValueError("members are missing")
            self.seat, self.pending = seat, pending
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SeatError(f"{self.path} is no state of a seat ({error}): move it away and "
                            "activate again under the same seat_id") from error

    def save(self):
        """On the disk when this returns; after a crash the file is the old one or the new one."""
        try:
            self.replace()
        except OSError as error:
            raise SeatError(f"{self.path} cannot be written: {error}") from error

    def replace(self):
        beside = f"{self.path}.new"
        text = json.dumps({"version": VERSION, "seat": self.seat, "pending": self.pending})
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.replace(beside, self.path)
            os.fsync(folder)
        finally:
            os.close(folder)
