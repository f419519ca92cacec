"""Files that are small and want to be large, each made when it is asked for."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial

import openpyxl
from PIL import Image

from tests.support.images import png_bomb

Bomb = Callable[[], bytes]
MIB = 1 << 20
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
HEAD = '<?xml version="1.0"?>'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPE = f'<!DOCTYPE sst [<!ENTITY l0 "ha">{LAUGHS}]>'
OUTSIDE = '<!DOCTYPE sst [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'


def packed(piece: bytes, count: int) -> bytes:
    """Return a gzip file of a piece that is repeated."""
    pack = zlib.compressobj(9, wbits=31)
    return b"".join(pack.compress(piece) for _ in range(count)) + pack.flush()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def workbook(**members: str | bytes) -> bytes:
    """Return an XLSX file of one sheet, some of its parts being as given."""
    book, plain, out = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for _ in range(2):
        book.active.append(["a"])  # type: ignore[union-attr] # a new book has a sheet
    book.save(plain)
    with (
        zipfile.ZipFile(plain) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        parts = {name: good.read(name) for name in good.namelist()}
        for name, content in {**parts, **members}.items():
            archive.writestr(name, content)
    return out.getvalue()


def sheet(rows: str) -> str:
    return f"{HEAD}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"


def strings(doctype: str) -> str:
    return f"{HEAD}{doctype}<sst {MAIN}><si><t>&l9;</t></si></sst>"


def overlapping() -> bytes:
    """Return a ZIP whose thousand names all tell of the same deflated bytes."""
    raw = zipped(a__csv=b"a,b\n" * (4 * MIB))
    end = raw.rindex(b"PK\x05\x06")
    start = int.from_bytes(raw[end + 16 : end + 20], "little")
    entry = raw[start:end]
    count = 1000
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, 0, start, 0)
    return raw[:start] + entry * count + tail


def lying() -> bytes:
    """Return a ZIP whose directory says that 64 MiB are 10 bytes."""
    raw = zipped(a__csv=b"a,b\n" * (16 * MIB))
    size = (64 * MIB).to_bytes(4, "little")
    return raw.replace(size, (10).to_bytes(4, "little"))


def nested(depth: int, core: bytes) -> bytes:
    for _ in range(depth):
        core = gzip.compress(core, 9, mtime=0)
    return core


def gif(frames: int) -> bytes:
    images = [Image.effect_noise((64, 64), 80) for _ in range(frames)]
    out = io.BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:])
    return out.getvalue()


def png_saying(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + head))
    body = zlib.compress(b"\0" * 1000)
    data = struct.pack(">I", len(body)) + b"IDAT" + body
    data += struct.pack(">I", zlib.crc32(b"IDAT" + body))
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + head + crc + data


def png_text(size: int) -> bytes:
    text = b"a\0\0" + zlib.compress(b"x" * size, 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + text))
    raw = png_bomb(8)
    return raw[:33] + chunk + raw[33:]


PARQUET = b"PAR1" + b"\xff" * 60 + b"\xf0\xff\xff\x7fPAR1"
TABLES: dict[str, Bomb] = {
    "zeros.csv.gz": partial(packed, bytes(MIB), 512),
    "rows.csv.gz": partial(packed, b"a,b\n" * (MIB // 4), 512),
    "one cell.csv.gz": partial(packed, b"x" * MIB, 512),
    "an open quote.csv.gz": lambda: packed(b'a\n"' + b"x\n" * (MIB // 2), 128),
    "columns.csv": lambda: b"a," * 1_000_000 + b"\n",
    "quotes.csv": lambda: b'"' * 20 * MIB,
    "line breaks.csv": lambda: b"\r" * 20 * MIB,
    "gzip in gzip.csv.gz": lambda: nested(8, packed(b"a,b\n" * MIB, 64)),
    "deep.json": lambda: b"[" * 20 * MIB,
    "deep rows.json": lambda: b"[" + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]",
    "digits.json": lambda: b'[{"a":' + b"9" * MIB + b"}]",
    "names.json": lambda: (
        b"[{" + b",".join(b'"%d":1' % n for n in range(300_000)) + b"}]"
    ),
    "a line.ndjson.gz": lambda: packed(b'{"a":"' + b"x" * MIB, 256),
    "other names.ndjson": lambda: b"".join(b'{"%d":1}\n' % n for n in range(20_000)),
    "a wide row, then many.ndjson": lambda: (
        b"{"
        + b",".join(b'"%d":1' % n for n in range(15_000))
        + b"}\n"
        + b'{"1":1}\n' * 500_000
    ),
    "a wide object, then many.json": lambda: (
        b"[{"
        + b",".join(b'"%d":1' % n for n in range(15_000))
        + b"}"
        + b',{"1":1}' * 500_000
        + b"]"
    ),
    "overlapping.zip": overlapping,
    "lying.zip": lying,
    "members.zip": lambda: zipped(**{f"{n}__csv": b"a\n" for n in range(20_000)}),
    "a path.zip": lambda: zipped(**{"../../../../tmp/evil.csv": b"a\n1\n"}),
    "zip in zip.zip": lambda: zipped(b__zip=zipped(a__csv=b"a,b\n" * 16 * MIB)),
    "laughs.xlsx": lambda: workbook(**{STRINGS: strings(DOCTYPE)}),
    "laughs in a sheet.xlsx": lambda: workbook(
        **{SHEET: sheet("<row><c><v>&l9;</v></c></row>").replace(HEAD, HEAD + DOCTYPE)}
    ),
    "a file of ours.xlsx": lambda: workbook(**{STRINGS: strings(OUTSIDE)}),
    "blanks.xlsx": lambda: workbook(**{SHEET: sheet(" " * 256 * MIB)}),
    "strings.xlsx": lambda: workbook(
        **{STRINGS: f"{HEAD}<sst {MAIN}>{'<si><t>a</t></si>' * 4_000_000}</sst>"}
    ),
    "a string.xlsx": lambda: workbook(
        **{STRINGS: f"{HEAD}<sst {MAIN}><si><t>{'x' * 256 * MIB}</t></si></sst>"}
    ),
    "far cells.xlsx": lambda: workbook(
        **{
            SHEET: sheet(
                "".join(
                    f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>'
                    for n in range(1, 1_048_576, 5000)
                )
            )
        }
    ),
    "cells beyond.xlsx": lambda: workbook(
        **{SHEET: sheet('<row r="99999999999"><c r="ZZZZZZZ9"><v>1</v></c></row>')}
    ),
    "deep.xlsx": lambda: workbook(**{SHEET: sheet("<a>" * 2_000_000)}),
    "attributes.xlsx": lambda: workbook(
        **{SHEET: sheet("<row " + " ".join(f"a{n}=''" for n in range(500_000)) + "/>")}
    ),
    "a footer.parquet": lambda: PARQUET,
}
IMAGES: dict[str, Bomb] = {
    "white.png": partial(png_bomb, 40_000),
    "huge by its head.png": partial(png_saying, 2**31 - 1, 2**31 - 1),
    "wide by its head.png": partial(png_saying, 1_000_000, 100),
    "text.png": partial(png_text, 512 * MIB),
    "frames.gif": partial(gif, 1000),
    "cut.jpg": lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\xff" * MIB,
    "huge by its head.jpg": lambda: (
        b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01"
        b"\x03\x11\x01\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00" + b"a"
    ),
    "directories.tif": lambda: (
        b"II*\0\x08\0\0\0\xff\xff" + b"\0\1\4\0\xff\xff\xff\x7f" * 9
    ),
    "itself.tif": lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
    "entities.svg": f"{HEAD}{DOCTYPE}<svg>&l9;</svg>".encode,
    "a script.svg": lambda: b"<svg onload='alert(1)'/>",
}
