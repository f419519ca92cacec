"""What a file is by its first bytes, whatever it is called."""

import re

from exports.tables.errors import NotATable

HEAD_BYTES = 4096

# Kinds that are no table, or none we read, with the words a person knows them by.
FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or one with a password"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
MARKS = b"\xef\xbb\xbf\xff\xfe"  # of a byte order, in any encoding
MARKUP = re.compile(
    rb"\s*<(?:!doctype|!--|\?xml|html|head|body|script|svg|rss|error)\b", re.IGNORECASE
)
OBJECT_LINE = re.compile(rb'\{\s*(?:"|\})')
ARRAY = re.compile(rb"\[\s*[\[{\]]")


def sniff(head: bytes) -> str:
    """Return gzip, zip, parquet, json, ndjson, or nothing for what may be text."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"PAR1"):
        return "parquet"
    text = head.lstrip(MARKS).replace(b"\0", b"").lstrip()
    if ARRAY.match(text):
        return "json"
    return "ndjson" if OBJECT_LINE.match(text) else ""


def refuse_foreign(head: bytes, name: str) -> None:
    for magic, kind in FOREIGN:
        if head.startswith(magic):
            raise NotATable(f"{name!r} is {kind}, not a table that can be read.")
    if head[257:262] == b"ustar":
        raise NotATable(f"{name!r} is a tar archive, not a table that can be read.")
    text = head.lstrip(MARKS).replace(b"\0", b"")
    if MARKUP.match(text):
        raise NotATable(f"{name!r} is an HTML or XML page, not a table.")
