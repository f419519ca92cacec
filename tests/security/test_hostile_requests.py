"""Paths, queries, headers and framings that no client means well with."""

import re
import socket
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.security.callers import callers
from tests.security.conftest import Some
from tests.security.house import House
from tests.security.matrix import ROWS, Row, filled
from tests.security.tally import Tally
from tests.support.hostile_urls import words

pytestmark = [pytest.mark.live, pytest.mark.whole]

PARTS = [
    *words("""
    %00 a%00b %ff %c0%ae%c0%ae %ed%a0%80 %e2%80%ae %0d%0aX-Y:%20z .. %2e%2e
    ..%2f..%2f..%2fetc%2fpasswd %252e%252e%252f ..%5c..%5c %2fetc%2fpasswd %7e %20 %2b
    * %25 % %zz 0 -1 1e5 2147483648 99999999999999999999 %d9%a1 1.5 nan latest null
    undefined NaN '%20OR%201=1-- %3Cscript%3E {{7*7}} ; a;b=c %3b
    00000000-0000-0000-0000-000000000000 task_00000000000000000000000000000000
    """),
    "a" * 3000,
]
QUERIES = [
    *words("""
    limit=0 limit=-1 limit=1e9 limit=%00 limit=99999999999999999999 after=%00 after=a
    after=bnVsbA after=-1 q=%00 q=%ff q=%25 q=%ed%a0%80 q=* q=[a id=%00 id= id=1&id=2
    id=%ff id[]=1 wait=nan wait=-1 wait=a wait=%00 rev=-1 rev=99999999999999999999
    state=%00 kind=%00 since=a since=99999-01-01 until=0 since=-271821-04-20
    since=2026-01-01T00:00:00%2B99:99 timeout=0&timeout=a jwt=%00 jwt=a.b.c = &&& %
    format=api format=%00 _charset_=utf-7 callback=alert _method=DELETE
    """),
    *("after=" + "A" * 5000, "q=" + "a+" * 2000, "id=" + "a" * 5000, "a" * 6000),
    *("state=," * 50, "&".join(["a=1"] * 1500)),
]
HEADERS = [
    *(
        ("Authorization", text)
        for text in ("token", "Bearer", "Basic ====", "Basic Og==")
    ),
    ("Authorization", "Bearer " + "a" * 6000),
    ("Authorization", "token \xe9\xff"),
    ("Authorization", "Digest username=a"),
    ("Auth-Token", "\xff" * 20),
    ("X-Api-Key", "MDAx\xe9"),
    ("Cookie", "sessionid=" + "a" * 3000),
    ("Cookie", "sessionid=\xff; csrftoken=\x80; a"),
    ("Idempotency-Key", "\xe9"),
    ("Idempotency-Key", "a" * 300),
    ("Idempotency-Key", " "),
    ("Range", "bytes=0-99999999999999999999"),
    ("Range", "bytes=" + ",".join(["0-0"] * 1000)),
    ("Range", "bytes=-0, a-b"),
    ("If-None-Match", '"' + "a" * 3000),
    ("If-Modified-Since", "Thu, 99 Xxx 99999 99:99:99 GMT"),
    ("If-Range", "\xff"),
    ("Accept", "text/html;q=abc, */*;q=99, " * 50),
    ("Accept-Encoding", "gzip;q=nan, \xff"),
    ("Content-Type", "application/json; charset=nothing"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "\xff/\xff"),
    ("Content-Encoding", "gzip"),
    ("Expect", "200-continue"),
    ("Host", "evil.example"),
    ("Host", "127.0.0.1:99999"),
    ("Host", "[::1"),
    ("X-Forwarded-For", "\xff"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "https, http"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Prefer", "wait=\xff"),
    ("Last-Event-ID", "99999999999999999999"),
    ("Origin", "null"),
    ("Origin", "http://[::1"),
    ("Access-Control-Request-Headers", "a," * 2000),
]
SECRET_FILE = re.compile(rb"root:[^:\n]*:0:0:|SECRET_KEY|SQLite format 3")
PARAMETER = re.compile(r"\{\w+\}")


def own(row: Row, house: House) -> dict[str, str]:
    return callers(row.by, house, row.path)["own"][0][1]


def readable() -> list[Row]:
    """Return what is asked by HTTP and takes no body."""
    return [row for row in ROWS if row.method in {"GET", "DELETE"} and row.own < 500]


def spoiled_paths() -> Iterator[tuple[Row, str]]:
    """Put each odd part in the place of each parameter, the others being good."""
    for row in readable():
        for place in PARAMETER.finditer(row.path):
            for part in PARTS:
                yield row, row.path[: place.start()] + part + row.path[place.end() :]


def ask(
    house: House,
    tally: Tally,
    row: Row,
    path: str,
    headers: Mapping[str, str | bytes],
) -> None:
    whole = filled(path, house.people["alice"].things)
    reply = house.ask(row.method, whole, None, headers)
    name = f"{row.method} {path[:150]} {headers if len(headers) > 1 else ''}"
    tally.must_not_break(name, reply.status)
    if SECRET_FILE.search(reply.content):
        tally.leaked.append(name)
    if "X-Y" in reply.headers or "X-Injected" in reply.headers:
        tally.accepted.append(f"{name}: a header of its own")


def test_odd_paths_break_nothing_and_lead_nowhere(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile requests: paths")
    for row, path in some(list(spoiled_paths()), 80):
        ask(house, tally, row, path, own(row, house))
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_odd_queries_break_nothing(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile requests: queries")
    for row, query in some([(r, q) for r in readable() for q in QUERIES], 80):
        joined = "&" if "?" in row.path else "?"
        ask(house, tally, row, f"{row.path}{joined}{query}", own(row, house))
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_odd_headers_break_nothing(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile requests: headers")
    for row, (name, value) in some([(r, h) for r in readable() for h in HEADERS], 80):
        headers = {**own(row, house), name: value.encode("latin-1")}
        ask(house, tally, row, row.path, headers)
    assert tally.wrong == [], "\n".join(tally.wrong)


# What is left of a framing would be read as the next request.
INNER = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /source/upload HTTP/1.1\r\nHost: localhost\r\n"
FRAMINGS = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 50\r\n\r\n{}" + INNER,
    "a length and chunks": POST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + INNER,
    "chunks twice": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunks by another name": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a huge chunk": POST
    + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length that is none": POST + b"Content-Length: 1_0\r\n\r\n{}",
    "a length with a plus": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length past all": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "a header on two lines": POST + b"A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "a blank before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "line feeds alone": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "a NUL in a header": b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nA: \x00\r\n\r\n",
    "two hosts": b"GET /source/a HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
    "no host": b"GET /source/a HTTP/1.1\r\n\r\n",
    "an address for a path": b"GET http://evil/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tunnel": b"CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a trace": b"TRACE /source/a HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\n\r\n",
    "an unknown method": b"PROPFIND /source/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a method of rubbish": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "HTTP/0.9": b"GET /source/a\r\n\r\n",
    "HTTP/2 by preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "headers without end": b"GET /source/a HTTP/1.1\r\nHost: localhost\r\n"
    + b"".join(b"A%d: %s\r\n" % (n, b"a" * 1000) for n in range(200)),
}


@pytest.mark.parametrize("name", FRAMINGS)
@pytest.mark.sampled(4)
def test_odd_framings_smuggle_nothing(
    name: str, house: House, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile requests: framings")
    answers = _answers(house, FRAMINGS[name])
    statuses = [int(one) for one in re.findall(rb"HTTP/1\.[01] (\d{3})", answers)]
    tally.must_not_break(name, max(statuses, default=200))
    if b"entrepot_jobs" in answers or b"Cookie: a=b" in answers:
        tally.accepted.append(name)
    assert tally.wrong == []


def _answers(house: House, sent: bytes) -> bytes:
    """Return all that comes for some bytes, within a second."""
    told = b""
    with socket.create_connection(("127.0.0.1", house.service.port), 5) as raw:
        raw.settimeout(1.0)
        try:
            raw.sendall(sent)
            while more := raw.recv(1 << 16):
                told += more
        except OSError:
            return told
    return told
