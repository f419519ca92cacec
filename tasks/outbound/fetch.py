"""Requests to the outside, one connection each, redirects followed by hand."""

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from requests import PreparedRequest, Response
from requests.exceptions import RequestException
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from tasks.outbound.adapter import GuardedAdapter, Wire
from tasks.outbound.addresses import vet_target
from tasks.outbound.deadline import Deadline
from tasks.outbound.decoding import Decoded
from tasks.outbound.errors import Blocked
from tasks.outbound.failures import explain
from tasks.outbound.framing import framed
from tasks.outbound.headers import check_headers, headers_for
from tasks.outbound.policy import Policy
from tasks.outbound.redirects import next_target
from tasks.outbound.reply import Hop, Reply
from tasks.outbound.urls import Target, parse

_METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
_PIECE_BYTES = 64 << 10


@contextmanager
def stream(  # noqa: PLR0913 - a request is what it is
    method: str,
    url: str,
    *,
    policy: Policy,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    on_open: Callable[[Callable[[], None]], None] | None = None,
) -> Iterator[Reply]:
    """Send one request and give its reply while the connection is open.

    GET and HEAD follow redirects. Every status is a reply: `raise_for_status` tells
    good from bad. `on_open` is handed, before anything is sent, a function that ends
    the exchange from another thread. Raises OutboundError, also while the reply is
    read.
    """
    if method not in _METHODS:
        raise ValueError(f"{method!r} is not a method this client sends")
    target = parse(url)
    sent = headers or {}
    check_headers(sent, target)
    hops: tuple[Hop, ...] = ()
    with Deadline(policy.total_timeout_s) as deadline:
        if on_open:
            on_open(deadline.end)
        while True:
            with closing(_Exchange(target, policy, deadline)) as exchange:
                response = exchange.send(method, sent, body)
                status = response.status_code
                following = next_target(method, target, status, response.headers)
                if following is None:
                    yield exchange.reply(method, response, hops)
                    return
            hops = (*hops, Hop(target.shown, status))
            if len(hops) > policy.max_redirects:
                raise Blocked(f"{target.shown} redirects too often.", code="redirects")
            sent = headers_for(sent, target, following)
            target = following


class _Exchange:
    """Send one request over one wire and read its reply."""

    def __init__(self, target: Target, policy: Policy, deadline: Deadline) -> None:
        vet_target(target, policy)
        self._target = target
        self._policy = policy
        self._wire = Wire(target, policy, deadline)
        self._adapter = GuardedAdapter(self._wire)
        self._response: Response | None = None

    def send(
        self, method: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        request = self._request(method, headers, body)
        try:
            self._response = self._adapter.send(
                request, stream=True, timeout=self._policy.read_timeout_s
            )
        except (
            RequestException,
            HTTPError,
            http.client.HTTPException,
            OSError,
        ) as error:
            failure = explain(error, self._target.shown, self._wire.deadline)
        else:
            self._wire.meter.end_head()
            return self._response
        # Raised out here, it carries no library's exception that quotes the address.
        raise failure

    def reply(self, method: str, response: Response, hops: tuple[Hop, ...]) -> Reply:
        status, shown = response.status_code, self._target.shown
        body = framed(
            self._wire.source,
            response.headers,
            empty=method == "HEAD" or status in {204, 304},
            max_bytes=self._policy.max_raw_bytes,
            shown=shown,
        )
        decoded = Decoded(
            body,
            response.headers.get("Content-Encoding", ""),
            shown=shown,
            policy=self._policy,
            deadline=self._wire.deadline,
        )
        return Reply(self._target, status, response.headers, decoded, hops)

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
        self._adapter.close()

    def _request(
        self, method: str, headers: Mapping[str, str], body: bytes | None
    ) -> PreparedRequest:
        """Fill in a request by hand: `prepare` would read the address once more."""
        request = PreparedRequest()
        request.method, request.url = method, self._target.url
        request.headers = CaseInsensitiveDict({"User-Agent": self._policy.user_agent})
        request.headers.update(headers)
        request.headers["Host"] = self._target.authority
        request.headers["Accept-Encoding"] = "gzip, identity"
        request.headers["Connection"] = "close"
        if body is not None:
            request.headers["Content-Length"] = str(len(body))
            # In pieces, so that the time limit is one for each piece.
            starts = range(0, len(body), _PIECE_BYTES)
            pieces = (body[at : at + _PIECE_BYTES] for at in starts)
            request.body = pieces  # type: ignore[assignment]  # stubs: no iterables
        return request
