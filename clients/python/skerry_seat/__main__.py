"""python3 -m skerry_seat ACT …: the client as a command, for scripts and tests.

SKERRY_SERVER, SKERRY_STATE and SKERRY_TRUSTED_KEY (a file) say whose seat it is. Prints one line of
JSON. Exit: 0, 1 refused, 2 wrong use, 3 unreachable, 4 no valid lease, 5 no usable state.
"""

import json
import os
import sys
from pathlib import Path

from . import BadLease, Refused, Seat, SeatError, Unreachable

USAGE = """skerry_seat activate CODE PRODUCT SEAT_ID | refresh | lease | settle | release
            | borrow UNTIL | checkout FEATURE AMOUNT | return FEATURE AMOUNT | use FEATURE AMOUNT"""


def leased(seat, lease):
    return {"claims": lease.claims, "seconds_left": int(lease.seconds_left), "held": seat.held}


def act(seat, name, *rest):
    if name == "activate":
        return leased(seat, seat.activate(*rest))
    if name in ("refresh", "lease", "borrow"):
        return leased(seat, getattr(seat, name)(*rest))
    if name == "settle":
        return {"settled": seat.settle() is not None}
    if name == "release":
        seat.release()
        return {"released": True}
    call = {"checkout": seat.check_out, "return": seat.give_back, "use": seat.use}[name]
    feature, amount = rest
    return call(feature, int(amount))


def main(arguments):
    try:
        with Seat(os.environ["SKERRY_SERVER"], os.environ["SKERRY_STATE"],
                  Path(os.environ["SKERRY_TRUSTED_KEY"]).read_text(encoding="utf-8")) as seat:
            print(json.dumps(act(seat, *arguments)))
            return 0
    except Refused as refusal:
        print(json.dumps(refusal.problem))
        return 1
    except (KeyError, TypeError, ValueError):
        print(USAGE, file=sys.stderr)
        return 2
    except Unreachable as error:
        print(error, file=sys.stderr)
        return 3
    except BadLease as error:
        print(error, file=sys.stderr)
        return 4
    except SeatError as error:
        print(error, file=sys.stderr)
        return 5


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
