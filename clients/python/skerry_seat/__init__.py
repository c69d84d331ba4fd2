"""A seat of a Skerry machine, for applications: taken, kept alive, verified without the network.

Python 3.9 or later and its standard library. docs/clients/python.md shows the use.
"""

from .errors import BadLease, Refused, SeatError, Unreachable
from .lease import Lease, verify
from .seat import Seat

__all__ = ["BadLease", "Lease", "Refused", "Seat", "SeatError", "Unreachable", "verify"]
