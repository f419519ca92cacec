"""What can be wrong with events, a class per thing a caller can do about it.

EventError
├── BadEvents    mend the event that is named
├── TooLarge     send less at once
└── BadToken     ask again without the token
"""


class EventError(Exception):
    """Events cannot be taken or given as asked; the message is for people."""


class BadEvents(EventError):
    """An event is not a flat object; `event` counts from 1, 0 is the whole text."""

    def __init__(self, message: str, *, event: int = 0, key: str | None = None) -> None:
        super().__init__(message)
        self.event = event
        self.key = key


class TooLarge(BadEvents):
    """A limit on bytes, events or keys was passed."""


class BadToken(EventError):
    """The bytes are no token of ours."""
