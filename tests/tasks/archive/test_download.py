import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from wsgiref.util import FileWrapper

import pytest
from django.http import FileResponse, HttpResponseBase
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from tasks.archive.download import file_reply
from tasks.archive.store import LocalStore, Missing

# The end of a reply looks after database connections, whoever left one open.
pytestmark = pytest.mark.django_db

CONTENT = b"0123456789"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
MODIFIED = "Mon, 04 May 2026 03:02:01 GMT"
MODIFIED_AT = datetime(2026, 5, 4, 3, 2, 1, 987_654, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "stored"
    path.write_bytes(CONTENT)
    return path


@dataclass
class Seen:
    status: int
    headers: dict[str, str]
    body: bytes


def seen(reply: HttpResponseBase) -> Seen:
    with closing(reply):
        return Seen(reply.status_code, dict(reply.items()), b"".join(reply))


def get(
    file: Path,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    name: str = "gdp.csv",
    media_type: str = "text/csv; charset=utf-8",
    inline: bool = False,
) -> Seen:
    reply = file_reply(
        RequestFactory().generic(method, "/datasets/a/b/1/gdp.csv", headers=headers),
        open_file=lambda: file.open("rb"),
        size=file.stat().st_size,
        digest=DIGEST,
        name=name,
        media_type=media_type,
        modified_at=MODIFIED_AT,
        inline=inline,
    )
    return seen(reply)


def reply_with(
    open_file: Callable[[], BinaryIO],
    size: int = len(CONTENT),
    *,
    method: str = "GET",
    asked: str = "",
) -> HttpResponseBase:
    return file_reply(
        RequestFactory().generic(method, "/", headers={"Range": asked}),
        open_file=open_file,
        size=size,
        digest=DIGEST,
        name="gdp.csv",
        media_type="text/csv; charset=utf-8",
        modified_at=MODIFIED_AT,
    )


def test_a_whole_file_comes_with_all_that_a_client_needs(file: Path) -> None:
    reply = get(file)

    assert reply.status == 200
    assert reply.body == CONTENT
    assert reply.headers == {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="gdp.csv"',
        "Content-Length": "10",
        "ETag": f'"{DIGEST}"',
        "Last-Modified": MODIFIED,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }


def test_head_tells_the_same_without_opening_the_file(file: Path) -> None:
    def fail() -> BinaryIO:
        raise AssertionError("HEAD needs no bytes")

    reply = seen(reply_with(fail, method="HEAD", asked="bytes=0-1"))

    assert reply == Seen(200, get(file).headers, b"")


@pytest.mark.parametrize(
    ("asked", "part", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=0-", CONTENT, "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", CONTENT, "bytes 0-9/10"),
        ("Bytes=2-4 , ", b"234", "bytes 2-4/10"),
    ],
)
def test_one_range_is_served_alone(
    file: Path, asked: str, part: bytes, content_range: str
) -> None:
    reply = get(file, {"Range": asked})

    assert reply.status == 206
    assert reply.headers["Content-Range"] == content_range
    assert reply.headers["Content-Length"] == str(len(part))
    assert reply.headers["ETag"] == f'"{DIGEST}"'
    assert reply.body == part


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,4-5",
        "bytes=4-2",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes 0-1",
        "bytes=0 - 1",
        "bytes=\N{ARABIC-INDIC DIGIT ZERO}-",
        "rows=0-1",
        "bytes=" + "9" * 5000 + "-",
        "",
    ],
)
def test_several_ranges_and_nonsense_get_the_whole_file(file: Path, asked: str) -> None:
    reply = get(file, {"Range": asked})

    assert reply.status == 200
    assert "Content-Range" not in reply.headers
    assert reply.body == CONTENT


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_outside_the_file_is_416_with_its_size(file: Path, asked: str) -> None:
    reply = get(file, {"Range": asked})

    assert reply.status == 416
    assert reply.headers["Content-Range"] == "bytes */10"
    assert reply.body == b""


@pytest.mark.parametrize("asked", [None, "bytes=0-", "bytes=0-5", "bytes=-1"])
def test_an_empty_file_has_no_ranges(file: Path, asked: str | None) -> None:
    file.write_bytes(b"")

    reply = get(file, {"Range": asked} if asked else None)

    assert reply.status == 200
    assert reply.headers["Content-Length"] == "0"
    assert reply.body == b""


@given(
    size=st.integers(0, 40),
    first=st.integers(0, 50).map(str) | st.just(""),
    last=st.integers(0, 50).map(str) | st.just(""),
)
def test_a_range_is_what_a_slice_is(size: int, first: str, last: str) -> None:
    content = bytes(range(size))
    start = int(first) if first else max(size - int(last or size), 0)
    part = content[start : int(last) + 1 if first and last else size]

    reply = reply_with(partial(BytesIO, content), size, asked=f"bytes={first}-{last}")

    assert seen(reply).body == {200: content, 206: part, 416: b""}[reply.status_code]
    if size and (first or last) and reply.status_code != 206:
        assert part == b""


@pytest.mark.parametrize(
    ("validator", "status"),
    [
        (f'"{DIGEST}"', 206),
        (MODIFIED, 206),
        (f'W/"{DIGEST}"', 200),
        ('"another"', 200),
        (DIGEST, 200),
        ("Mon, 04 May 2026 03:02:00 GMT", 200),
        ("Mon, 04 May 2026 03:02:02 GMT", 200),
        ("yesterday", 200),
    ],
)
def test_a_range_is_only_for_the_file_the_client_began_with(
    file: Path, validator: str, status: int
) -> None:
    reply = get(file, {"Range": "bytes=2-4", "If-Range": validator})

    assert reply.status == status
    assert reply.body == (b"234" if status == 206 else CONTENT)


def test_an_old_if_range_makes_even_a_bad_range_the_whole_file(file: Path) -> None:
    reply = get(file, {"Range": "bytes=99-", "If-Range": '"another"'})

    assert reply.body == CONTENT


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": f'"{DIGEST}"'},
        {"If-None-Match": f'W/"{DIGEST}"'},
        {"If-None-Match": f'"other", "{DIGEST}"'},
        {"If-None-Match": "*"},
        {"If-None-Match": f'"{DIGEST}"', "Range": "bytes=0-1"},
        {"If-Modified-Since": MODIFIED},
        {"If-Modified-Since": "Tue, 05 May 2026 00:00:00 GMT"},
    ],
)
def test_what_the_client_has_is_304(
    file: Path, method: str, headers: dict[str, str]
) -> None:
    reply = get(file, headers, method=method)

    assert reply.status == 304
    assert reply.headers["ETag"] == f'"{DIGEST}"'
    assert reply.body == b""


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": MODIFIED},
        {"If-Modified-Since": "Mon, 04 May 2026 03:02:00 GMT"},
        {"If-Modified-Since": "not a date"},
        {"If-Match": f'"{DIGEST}"'},
        {"If-Unmodified-Since": MODIFIED},
    ],
)
def test_what_the_client_lacks_is_sent(file: Path, headers: dict[str, str]) -> None:
    assert get(file, headers).body == CONTENT


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": '"other"'},
        {"If-Match": f'W/"{DIGEST}"'},
        {"If-Unmodified-Since": "Mon, 04 May 2026 03:02:00 GMT"},
    ],
)
def test_a_failed_precondition_is_412(file: Path, headers: dict[str, str]) -> None:
    assert get(file, headers).status == 412


@pytest.mark.parametrize(
    "media_type",
    [
        "text/html; charset=utf-8",
        "TEXT/HTML",
        "image/svg+xml",
        "application/xml",
        "application/xhtml+xml",
        "text/xsl",
        "multipart/x-mixed-replace",
    ],
)
def test_what_could_run_is_sandboxed_and_never_shown(
    file: Path, media_type: str
) -> None:
    reply = get(file, name="page.html", media_type=media_type, inline=True)

    assert reply.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_what_cannot_run_is_shown_when_asked(file: Path) -> None:
    reply = get(file, name="a.png", media_type="image/png", inline=True)

    assert reply.headers["Content-Disposition"] == 'inline; filename="a.png"'
    assert "Content-Security-Policy" not in reply.headers


@pytest.mark.parametrize("asked", ["", "bytes=1-2"])
def test_the_file_is_closed_with_the_reply(file: Path, asked: str) -> None:
    opened = file.open("rb")
    reply = reply_with(lambda: opened, asked=asked)
    assert not opened.closed

    reply.close()

    assert opened.closed


@pytest.mark.parametrize(
    ("asked", "length"), [("", 3_000_000), ("bytes=1-2000000", 2_000_000)]
)
def test_a_wsgi_server_may_wrap_the_file_itself(
    file: Path, asked: str, length: int
) -> None:
    file.write_bytes(b"x" * 3_000_000)
    reply = reply_with(lambda: file.open("rb"), 3_000_000, asked=asked)
    assert isinstance(reply, FileResponse)
    assert reply.file_to_stream is not None

    with closing(reply):
        blocks = list(FileWrapper(reply.file_to_stream, reply.block_size))

    assert sum(map(len, blocks)) == length
    assert max(map(len, blocks)) == 256 * 1024


def test_a_file_that_is_gone_is_told_before_the_reply_begins(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        reply_with(partial(LocalStore(tmp_path).open, DIGEST, size=10))
