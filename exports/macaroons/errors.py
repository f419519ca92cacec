"""The one thing that can be wrong with a macaroon: it is no good."""

from enum import Enum


class Reason(Enum):
    """Why; the first has a text of its own on the wire, the others share one."""

    UNREADABLE = "unreadable"  # it is no macaroon of version 1, or too large
    SIGNATURE = "signature"  # another secret signed it, or it was changed
    CAVEAT = "caveat"  # it is genuine, and good for something else


class BadMacaroon(Exception):
    """The token is refused; the message is for us, and has nothing of the token."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
