"""Which encoding a text is in, and the text again as UTF-8."""

import codecs
import re

import charset_normalizer

from exports.tables.errors import BadEncoding, NotATable
from exports.tables.stream import Readable, Stream

SAMPLE_BYTES = 1 << 20
EXCERPT_BYTES = 32 << 10  # the detector is slow, and certain after a few lines

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
OTHER_SCRIPTS = ("cp1251", "koi8_r", "cp1253", "shift_jis", "gb18030", "euc_kr", "big5")
# Signs that stand inside a word only when a central European text is read as Western:
# all of Latin-1 from the inverted exclamation mark on that are no letters.
SIGNS = r"\xa1-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7"
# Accented letters stand between plain ones; letters of other scripts in a row.
ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
MISREAD = re.compile(rf"[^\W\d_][{SIGNS}][^\W\d_]")


def as_utf8(stream: Stream, *, declared: str) -> tuple[Stream, str]:
    """Return the text as UTF-8 without its mark, and the encoding it was in."""
    sample = stream.peek(SAMPLE_BYTES)
    mark, marked = next(((m, e) for m, e in BOMS if sample.startswith(m)), (b"", ""))
    encoding = marked or known_encoding(declared) or detect(sample)
    stream.read(len(mark))
    if encoding in {"utf-8", "ascii"}:
        return stream, "utf-8"
    return Stream(Transcoded(stream, encoding)), encoding


def known_encoding(declared: str) -> str:
    """Return Python's name for a declared encoding."""
    if not declared:
        return ""
    try:
        "".encode(declared)  # refuses what is a codec but none of text, as rot13
        name = codecs.lookup(declared).name
    except (LookupError, ValueError) as error:
        raise BadEncoding(f"No encoding of text is called {declared!r}.") from error
    # A file that bears no mark is little-endian nearly always.
    aliases = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
    return aliases.get(name, name)


def detect(sample: bytes) -> str:
    if b"\0" in sample:
        return detect_wide(sample)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return detect_narrow(sample)
    return "utf-8"


def detect_wide(sample: bytes) -> str:
    """Tell UTF-16 by where its zeros are, which other binary data does not keep to."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    if even + odd <= max(1, len(sample) * 0.001):
        return "utf-8"  # a stray NUL in a cell is data
    raise NotATable("The file holds binary data, not text.")


def detect_narrow(sample: bytes) -> str:
    """Tell a one-byte encoding from the lines that are not plain ASCII.

    Western and central European bytes look alike to a detector, so Western it is
    unless reading them as such puts signs into the middle of words.
    """
    lines = (line for line in sample.splitlines(keepends=True) if not line.isascii())
    excerpt = b"".join(lines)[:EXCERPT_BYTES]
    alone = len(ALONE.findall(excerpt))
    if alone * 2 < sum(byte > 127 for byte in excerpt):
        other = best_of(excerpt, OTHER_SCRIPTS)
        if other:
            return other
    western = excerpt.decode("cp1252", errors="replace")
    if MISREAD.search(western):
        return best_of(excerpt, ("cp1250", "iso8859_2")) or "cp1250"
    return "latin-1" if "\ufffd" in western else "cp1252"


def best_of(excerpt: bytes, encodings: tuple[str, ...]) -> str:
    isolated = [*encodings, "cp1252", "cp1250"]
    best = charset_normalizer.from_bytes(excerpt, cp_isolation=isolated).best()
    return best.encoding if best and best.encoding in encodings else ""


class Transcoded:
    """Text in any encoding, read as UTF-8."""

    def __init__(self, source: Readable, encoding: str) -> None:
        self.source = source
        self.encoding = encoding
        self.decoder = codecs.getincrementaldecoder(encoding)()

    def read(self, size: int, /) -> bytes:
        while True:
            part = self.source.read(size)
            text = self.decode(part)
            if text or not part:
                return text.encode("utf-8", errors="replace")

    def decode(self, part: bytes) -> str:
        try:
            return self.decoder.decode(part, final=not part)
        except UnicodeDecodeError as error:
            raise BadEncoding(
                f"The file is not valid {self.encoding}: {error.reason}."
                " Declare the encoding it is in."
            ) from error
