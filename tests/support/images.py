"""Images as cameras, and as attackers, make them."""

import io
import struct
import zlib
from typing import Any

from PIL import ExifTags, Image, ImageDraw

Exif = Image.Exif


def picture(
    form: str = "JPEG",
    size: tuple[int, int] = (640, 480),
    *,
    mode: str = "RGB",
    colour: Any = (40, 90, 140),
    exif: Exif | None = None,
    **options: Any,
) -> bytes:
    out = io.BytesIO()
    image = Image.new(mode, size, colour)
    image.save(out, form, **options, **({} if exif is None else {"exif": exif}))
    return out.getvalue()


def landscape(size: tuple[int, int], seed: int, exif: Exif | None = None) -> bytes:
    """Draw hills under a sky, different for each seed."""
    width, height = size
    image = Image.new("RGB", size, (150 + seed * 7 % 90, 190, 225))
    pen = ImageDraw.Draw(image)
    sun = width * (seed * 37 % 80 + 10) // 100
    pen.ellipse((sun - 40, 40, sun + 40, 120), fill=(250, 225, 140))
    for row in range(3):
        base = height * (5 + row * 2) // 10
        tops = [
            (x, base - (seed * 31 + x * (row + 3)) % 97)
            for x in range(0, width + 80, 80)
        ]
        shade = (60 + row * 20, 120 - row * 25 + seed * 11 % 40, 80)
        pen.polygon([(0, height), *tops, (width, height)], fill=shade)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, **({} if exif is None else {"exif": exif}))
    return out.getvalue()


def exif(
    *,
    gps: dict[int, Any] | None = None,
    taken: str | None = None,
    offset: str | None = None,
    make: str | bytes | None = None,
    model: str | None = None,
    orientation: int | None = None,
) -> Exif:
    tags, base = Image.Exif(), ExifTags.Base
    main = {base.Make: make, base.Model: model, base.Orientation: orientation}
    for tag, value in main.items():
        if value is not None:
            tags[tag] = value
    details = {base.DateTimeOriginal: taken, base.OffsetTimeOriginal: offset}
    tags.get_ifd(ExifTags.IFD.Exif).update(
        {tag: value for tag, value in details.items() if value is not None}
    )
    if gps:
        tags.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return tags


def gps(latitude: float, longitude: float) -> dict[int, Any]:
    tag = ExifTags.GPS
    return {
        tag.GPSLatitudeRef: "S" if latitude < 0 else "N",
        tag.GPSLatitude: _angle(abs(latitude)),
        tag.GPSLongitudeRef: "W" if longitude < 0 else "E",
        tag.GPSLongitude: _angle(abs(longitude)),
    }


def _angle(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 4)


def png_bomb(side: int) -> bytes:
    """A white square of 1 bit a pixel, deflated to a thousandth."""
    pack = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (side // 8)
    data = b"".join(pack.compress(row) for _ in range(side)) + pack.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
