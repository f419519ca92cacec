"""A requests adapter whose connections lead to one vetted place only."""

import functools
import http.client
import io
import logging
import socket
import ssl
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tasks.outbound.connect import connect
from tasks.outbound.deadline import Deadline
from tasks.outbound.meter import Meter
from tasks.outbound.policy import Policy
from tasks.outbound.urls import Target

# urllib3 writes whole addresses, query strings included, into its log.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.ERROR)


class Wire:
    """Know the only place one connection may go to, and meter what comes back."""

    meter: Meter
    source: io.BufferedReader

    def __init__(self, target: Target, policy: Policy, deadline: Deadline) -> None:
        self.target = target
        self.policy = policy
        self.deadline = deadline

    def open(self) -> socket.socket:
        return connect(self.target, self.policy, self.deadline)

    def metered(self, source: io.BufferedReader) -> io.BufferedReader:
        self.meter = Meter(
            source.detach(),
            shown=self.target.shown,
            max_bytes=self.policy.max_raw_bytes,
        )
        self.source = self.meter.buffered()
        return self.source


class GuardedAdapter(HTTPAdapter):
    """Send over one wire, whatever address a request may name.

    It is used without a Session: that would bring environment proxies, .netrc and
    cookies, and would read the whole body of a redirect it does not follow.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        host, port = wire.target.host, wire.target.port
        self._pool: HTTPConnectionPool
        if wire.target.scheme == "https":
            context = _trusting(wire.policy.ca_file)
            self._pool = _HTTPSPool(host, port, wire=wire, ssl_context=context)
        else:
            self._pool = _HTTPPool(host, port, wire=wire)

    def get_connection_with_tls_context(
        self, *args: Any, **kwargs: Any
    ) -> HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Leave it to the pool's TLS context, which always verifies."""

    def request_url(self, *args: Any, **kwargs: Any) -> str:
        return "/"  # The wire knows the path; this one ends up in urllib3's errors.

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Leave cookies alone: http.cookiejar warns, with their text, of odd ones."""
        response = Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        return response

    def close(self) -> None:
        self._pool.close()
        super().close()


class _MeteredResponse(http.client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, *args: Any, wire: Wire, **kwargs: Any
    ) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = wire.metered(self.fp)

    def begin(self) -> None:
        """Skip interim answers: http.client does so for 100, but not for 103."""
        super().begin()
        while 101 < self.status < 200:
            self.headers = None  # type: ignore[assignment]  # means: begin anew
            super().begin()


class _Wired:
    """Connect to the wire's target and ask for its path, whatever urllib3 made of it.

    urllib3 would look the name up again and encode the path once more.
    """

    response_class: Any

    def __init__(self, *args: Any, wire: Wire, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wire = wire
        self.response_class = functools.partial(_MeteredResponse, wire=wire)

    def _new_conn(self) -> socket.socket:
        return self._wire.open()

    def request(self, *args: Any, **kwargs: Any) -> None:
        method, _, *rest = args
        connection: Any = super()
        connection.request(method, self._wire.target.path, *rest, **kwargs)


class _WiredHTTPConnection(_Wired, HTTPConnection):
    pass


class _WiredHTTPSConnection(_Wired, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls: Any = _WiredHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls: Any = _WiredHTTPSConnection


@functools.cache
def _trusting(ca_file: str | None) -> ssl.SSLContext:
    # Loading the authorities takes 20 ms, which is long for each of 2,000 images.
    return ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
