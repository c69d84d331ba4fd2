"""What can go wrong. All of it is a SeatError."""


class SeatError(Exception):
    """Also by itself: the state file cannot be used, or there is no seat in it."""


class Unreachable(SeatError):
    """No answer of the machine came. The call stays pending: the next, or settle(), asks for it."""


class BadLease(SeatError):
    """The token is not one of this seat that the trusted key signed, or its lease has ended."""


class Refused(SeatError):
    """The machine said no, and nothing changed. `code` is for programs, `next` says the remedy."""

    def __init__(self, status, problem):
        self.status = status
        self.code = problem.get("code", "unknown")
        self.next = problem.get("next", "")
        self.problem = problem  # with "in_use", "left", "next_free_in_seconds" where there are any
        super().__init__(f"{self.code}: {problem.get('detail', f'HTTP {status}')}")
