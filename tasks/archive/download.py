"""The HTTP reply that hands out a stored file."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe

from tasks.archive.names import content_disposition

BLOCK_BYTES = 256 * 1024

# What a browser may show in our origin; all else is sandboxed and never shown.
PASSIVE = {
    "application/json",
    "application/pdf",
    "application/x-ndjson",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
    "text/tab-separated-values",
}

# More digits than any file has bytes are no range, nor a reason to fail.
ONE_RANGE = re.compile(r"(?i:bytes)=[ \t,]*([0-9]{0,18})-([0-9]{0,18})[ \t,]*")


class Unsatisfiable(Exception):
    """A range begins after the end of the file."""


class FilePart:
    """The next bytes of an open file, as a file that can only be read."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._left = length

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()


class FileReply(FileResponse):
    block_size = BLOCK_BYTES

    def set_headers(self, filelike: object) -> None:
        """Leave the headers as they were given; Django would guess some."""


def file_reply(  # noqa: PLR0913 - a file has that many sides, all named
    request: HttpRequest,
    *,
    open_file: Callable[[], BinaryIO],
    size: int,
    digest: str,
    name: str,
    media_type: str,
    modified_at: datetime,
    inline: bool = False,
    elsewhere: Callable[[dict[str, str]], HttpResponseBase | None] = lambda _: None,
) -> HttpResponseBase:
    """Answer GET or HEAD for a file: conditions, then at most one range (RFC 9110).

    The file is opened only when its bytes are sent; what that raises comes through.
    `elsewhere` may answer a GET in our place, given the headers that are due.
    """
    modified_s = int(modified_at.timestamp())
    headers = _headers(name, media_type, inline=inline) | {
        "ETag": f'"{digest}"',
        "Last-Modified": http_date(modified_s),
        "Accept-Ranges": "bytes",
    }
    whole = HttpResponse(headers=headers | {"Content-Length": str(size)})
    etag = headers["ETag"]
    reply = get_conditional_response(request, etag, modified_s, whole) or whole
    if reply is not whole or request.method == "HEAD":
        return reply
    if handed := elsewhere(headers):
        return handed
    try:
        part = _asked_range(request, whole, size)
    except Unsatisfiable:
        return HttpResponse(
            status=416,
            headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"},
        )
    return _send(open_file(), part, headers, size)


def _send(
    file: BinaryIO, part: range | None, headers: dict[str, str], size: int
) -> HttpResponseBase:
    if part is None:
        headers["Content-Length"] = str(size)
        return FileReply(file, headers=headers)
    headers["Content-Length"] = str(len(part))
    headers["Content-Range"] = f"bytes {part[0]}-{part[-1]}/{size}"
    file.seek(part.start)
    return FileReply(FilePart(file, len(part)), status=206, headers=headers)


def _headers(name: str, media_type: str, *, inline: bool) -> dict[str, str]:
    passive = media_type.partition(";")[0].strip().lower() in PASSIVE
    headers = {
        "Content-Type": media_type,
        "Content-Disposition": content_disposition(name, inline=inline and passive),
        "X-Content-Type-Options": "nosniff",
    }
    if not passive:
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return headers


def _asked_range(request: HttpRequest, whole: HttpResponse, size: int) -> range | None:
    """Return the bytes asked for; None for all, as for every range we may ignore.

    Those are malformed and several ranges, any range of an empty file (no
    Content-Range could tell it), and one that is only for an older file.
    """
    asked = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked or not size or not _still_the_file(request, whole):
        return None
    first, last = asked.groups()
    if not first:
        return _last_bytes(last, size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return range(int(first), min(int(last) + 1, size) if last else size)


def _last_bytes(length: str, size: int) -> range | None:
    if not length:
        return None
    if int(length) == 0:
        raise Unsatisfiable
    return range(max(size - int(length), 0), size)


def _still_the_file(request: HttpRequest, whole: HttpResponse) -> bool:
    """Compare If-Range: strongly with an ETag, to the second with a date."""
    validator = request.headers.get("If-Range")
    if validator is None or validator == whole["ETag"]:
        return True
    asked_s = parse_http_date_safe(validator)
    return asked_s is not None and http_date(asked_s) == whole["Last-Modified"]
