"""The media type of a file by its first bytes, whatever its name says."""

import re

from tasks.archive.names import OCTETS, media_type

HEAD_BYTES = 4096

STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),  # BigTIFF
    (b"MM\0+", "image/tiff"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"BM", "image/bmp"),
    (b"\0\0\x01\0", "image/vnd.microsoft.icon"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"OggS", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
)
# What follows RIFF and a length, and what follows a length and `ftyp`.
RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"qt  ": "video/quicktime",
}
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SPACE = r"(?:\s|<!--.*?-->)*"
HTML = re.compile(
    rf"{SPACE}(?:<\?xml[^>]*>{SPACE})?<(?:!doctype\s+html|html|head|title|body|script"
    r"|iframe|h1|div|font|table|style|br|p|a|b)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
SVG = re.compile(
    rf"{SPACE}(?:<\?xml[^>]*>{SPACE})?(?:<!doctype\s+svg[^>]*>{SPACE})?<svg[\s>]",
    re.IGNORECASE | re.DOTALL,
)
CONTROLS = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
TEXTS = ("text/", "application/json", "application/geo+json", "application/x-ndjson")
# What a browser would run; only its content makes a file that.
ACTIVE = ("text/html", "image/svg+xml", "application/xml")


def sniff(head: bytes, *, name: str) -> str:
    """Tell a file's media type by its first HEAD_BYTES.

    Of texts, which look alike, the name may tell which kind it is.
    """
    for start, kind in STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12], OCTETS)
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12], "video/mp4")
    text = _as_text(head)
    return OCTETS if text is None else _kind_of_text(text, name)


def _kind_of_text(text: str, name: str) -> str:
    if HTML.match(text):
        return "text/html"
    if SVG.match(text):
        return "image/svg+xml"
    if text.lstrip().startswith("<?xml"):
        return "application/xml"
    named = media_type(name).partition(";")[0]
    if named.startswith(TEXTS) and named not in ACTIVE:
        return named
    return "text/plain"


def _as_text(head: bytes) -> str | None:
    """Decode what may end within a character; None where it is no text."""
    encoding = next((name for mark, name in MARKS if head.startswith(mark)), "utf-8")
    if not head:
        return None
    try:
        # Up to three bytes may be the begin of a character that goes on.
        text = head.decode(encoding, "strict" if len(head) < HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        return None
    if len(head) >= HEAD_BYTES and _is_broken(head, encoding):
        return None
    return None if CONTROLS.search(text) else text.removeprefix("\ufeff")


def _is_broken(head: bytes, encoding: str) -> bool:
    """Tell whether a cut head has a fault before its last character."""
    try:
        head.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start < len(head) - 3
    return False
