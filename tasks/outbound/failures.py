"""What sockets, TLS and HTTP parsers raise, told in the words of `errors`."""

import http.client
import ssl
from collections.abc import Iterator

from tasks.outbound.deadline import Deadline
from tasks.outbound.errors import BadReply, OutboundError, TimedOut, Unreachable


def explain(error: BaseException, shown: str, deadline: Deadline) -> OutboundError:
    """Find the first cause that says something and put it into a sentence.

    What the libraries wrap around a cause is not quoted, since it holds whole URLs.
    """
    if deadline.expired:
        return out_of_time(shown)
    for cause in _causes(error):
        explained = _explained(cause, shown)
        if explained is not None:
            return explained
    return BadReply(f"{shown} answered with something that is not HTTP.")


def out_of_time(shown: str) -> TimedOut:
    return TimedOut(f"{shown} took longer than allowed.", code="total_timeout")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


def _explained(cause: BaseException, shown: str) -> OutboundError | None:
    error: OutboundError | None = None
    match cause:
        case OutboundError():
            error = cause
        case ssl.SSLCertVerificationError():
            error = Unreachable(
                f"{shown} has a certificate that cannot be trusted.",
                code="certificate",
                temporary=False,
            )
        case TimeoutError():
            error = TimedOut(f"{shown} stopped answering.", code="read_timeout")
        case ssl.SSLError():
            error = Unreachable(f"{shown} could not agree on TLS.", code="tls")
        case ConnectionError():
            error = Unreachable(f"{shown} closed the connection.", code="disconnected")
        case http.client.HTTPException():
            error = BadReply(f"{shown} answered with something that is not HTTP.")
    return error
