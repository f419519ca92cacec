"""What can go wrong on the way out: one class per thing a caller can do about it.

OutboundError
├── BadUrl       mend the address
├── Blocked      ask the operator to open the way
├── Unreachable  try again, or find out who is down
├── TimedOut     try again, or allow more time
├── TooBig       ask for less, or allow more
├── BadReply     talk to whoever runs the other side
│   └── Truncated  try again: the reply broke off
└── BadStatus    read the status; some say when to try again
"""


class OutboundError(Exception):
    """Say in one sentence what went wrong.

    The sentence is fit for users: it names an address without its query string and
    quotes no header, no body and no address a name was resolved to.
    """

    code = "outbound"
    temporary = False

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        temporary: bool | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.temporary = self.temporary if temporary is None else temporary
        self.retry_after_s = retry_after_s


class BadUrl(OutboundError):
    """The address is not one this service understands."""

    code = "bad_url"


class Blocked(OutboundError):
    """The policy does not let this request go there."""

    code = "blocked"


class Unreachable(OutboundError):
    """No connection came about, or it broke before the reply began."""

    code = "unreachable"
    temporary = True


class TimedOut(OutboundError):
    """One of the time budgets ran out."""

    code = "timed_out"
    temporary = True


class TooBig(OutboundError):
    """The reply is larger than its budget."""

    code = "too_big"


class BadReply(OutboundError):
    """The reply is not HTTP as this client speaks it."""

    code = "bad_reply"


class Truncated(BadReply):
    """The reply ended before its own announced end."""

    code = "truncated"
    temporary = True


class BadStatus(OutboundError):
    """The other side answered, but with no success.

    `excerpt` is at most 200 bytes of the reply as text, for people who may see it;
    it is not part of the sentence.
    """

    code = "bad_status"

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        excerpt: str = "",
        temporary: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, temporary=temporary, retry_after_s=retry_after_s)
        self.status = status
        self.excerpt = excerpt
