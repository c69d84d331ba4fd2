"""python3 -m skerry_seat ACT …: the client as a command, for scripts and tests.

SKERRY_SERVER, SKERRY_STATE and SKERRY_TRUSTED_KEY (a file) say whose seat it is. Prints one line of
JSON. Exit: 0, 1 refused, 2 wrong use, 3 unreachable, 4 no valid lease, 5 no usable state.
"""

import json
import os
import re
import sys
from pathlib import Path

from . import BadLease, Refused, Seat, SeatError, Unreachable

USAGE = """skerry_seat activate CODE PRODUCT SEAT_ID | refresh | lease | settle | release
            | borrow UNTIL | checkout FEATURE AMOUNT | return FEATURE AMOUNT | use FEATURE AMOUNT"""
WORDS = {"activate": 3, "refresh": 0, "lease": 0, "settle": 0, "release": 0, "borrow": 1,
         "checkout": 2, "return": 2, "use": 2}  # after the name
FAILURES = ((Unreachable, 3), (BadLease, 4), (SeatError, 5))


class WrongUse(Exception):
    """Of the command."""


def read(arguments):
    """Name and words; the amount is a number."""
    name, *words = arguments or [""]
    if WORDS.get(name) != len(words):
        raise WrongUse("there is no such call")
    if len(words) == 2:
        if not re.fullmatch(r"-?[0-9]{1,18}", words[1], re.A):
            raise WrongUse(f"{words[1]!r} is no amount")
        words[1] = int(words[1])
    return name, words


def open_seat():
    try:
        key = Path(os.environ["SKERRY_TRUSTED_KEY"]).read_text(encoding="utf-8")
        return Seat(os.environ["SKERRY_SERVER"], os.environ["SKERRY_STATE"], key)
    except KeyError as error:
        raise WrongUse(f"{error.args[0]} is not set") from error
    except (OSError, ValueError) as error:
        raise WrongUse(str(error)) from error


def act(seat, name, words):
    if name == "settle":
        return {"settled": seat.settle() is not None}
    if name == "release":
        seat.release()
        return {"released": True}
    call = {"checkout": seat.check_out, "return": seat.give_back, "use": seat.use}.get(name)
    if call:
        return call(*words)
    try:
        lease = getattr(seat, name)(*words)
    except ValueError as error:
        raise WrongUse(str(error)) from error
    return {"claims": lease.claims, "seconds_left": int(lease.seconds_left), "held": seat.held}


def main(arguments):
    try:
        name, words = read(arguments)
        with open_seat() as seat:
            print(json.dumps(act(seat, name, words)))
            return 0
    except WrongUse as error:
        print(error, USAGE, sep="\n", file=sys.stderr)
        return 2
    except Refused as refusal:
        print(json.dumps(refusal.problem))
        return 1
    except SeatError as error:
        print(error, file=sys.stderr)
        return next(code for kind, code in FAILURES if isinstance(error, kind))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
