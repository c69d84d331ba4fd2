"""What an application must not forget of its seat: one small file, replaced whole."""

import fcntl
import json
import os
from pathlib import Path

from .errors import SeatError

VERSION = 1


class State:
    """`seat` is what the machine gave, `pending` a call whose answer is not known yet; or None.

    Whoever opened the file holds it (a lock beside it): two processes that went on as one seat
    would be taken for clones.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.seat = self.pending = None
        self.lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.load()
        except BlockingIOError as error:
            self.close()
            raise SeatError(f"another process holds {self.path}: one seat is for one") from error
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
            self.seat, self.pending = kept["seat"], kept["pending"]
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError) as error:
            raise SeatError(f"{self.path} is no state of a seat ({error}): move it away and "
                            "activate again under the same seat_id") from error

    def save(self):
        """On the disk when this returns; after a crash the file is the old one or the new one."""
        beside = f"{self.path}.new"
        text = json.dumps({"version": VERSION, "seat": self.seat, "pending": self.pending})
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        os.replace(beside, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
