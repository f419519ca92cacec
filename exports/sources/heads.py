"""The first rows' worth of a file: enough of its bytes to be read as a table."""

import json
import re
import zlib

MOST_BYTES = 1 << 20
GZIP = b"\x1f\x8b"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BLANK = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()


def unpacked(head: bytes, *, whole: bool) -> tuple[bytes, bool]:
    """Return the first bytes of what is in a gzip file, and whether they are all."""
    if not head.startswith(GZIP):
        return head, whole
    member = zlib.decompressobj(wbits=31)
    try:
        text = member.decompress(head, MOST_BYTES)
    except zlib.error:
        return head, whole  # the reader of tables says what is wrong with it
    ended = member.eof and not member.unused_data
    return (head, whole) if ended and whole else (text, False)


def trimmed(head: bytes) -> bytes:
    """Drop the row that is cut at the end, and close a JSON array that is open."""
    if head.startswith(UTF16):
        head = head.decode("utf-16", "ignore").encode()
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return whole_elements(head.decode("utf-8-sig", "ignore").lstrip())
    return whole_lines(head)


def whole_lines(head: bytes) -> bytes:
    """Cut after the last line end that is in no quoted cell."""
    quotes, end = head.count(b'"'), len(head)
    while (at := head.rfind(b"\n", 0, end)) >= 0:
        quotes -= head.count(b'"', at, end)
        if quotes % 2 == 0:
            return head[: at + 1]
        end = at
    return head


def whole_elements(text: str) -> bytes:
    """Return the elements that are complete, as an array of their own."""
    parts: list[str] = []
    at = 1
    while True:
        start = _blank_end(text, at)
        try:
            _, end = DECODER.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            break
        after = _blank_end(text, end)
        if text[after : after + 1] != ",":
            break
        parts.append(text[start:end])
        at = after + 1
    return f"[{','.join(parts)}]".encode() if parts else text.encode()


def _blank_end(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return found.end() if found else at
