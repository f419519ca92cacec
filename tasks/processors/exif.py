"""What a camera wrote into an image: when, where, and which camera."""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image

from tasks.archive.names import HIDDEN
from tasks.processors.places import Place, possible

LONGEST_TEXT = 100
TURNED = {5, 6, 7, 8}  # orientations that swap width and height
SIDES = {"N": 1, "S": -1, "E": 1, "W": -1}

Tags = Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Shot:
    taken_at: str | None = None  # ISO 8601; with an offset only where one is given
    camera: str | None = None
    place: Place | None = None
    turned: bool = False  # width and height are to be swapped


def read_shot(image: Image.Image) -> Shot:
    """Read the header's EXIF; what is missing or makes no sense is None.

    What Pillow raises for a broken one comes through.
    """
    # PNG's own method would decode the image to look for EXIF after its pixels.
    exif = Image.Image.getexif(image)
    details = exif.get_ifd(ExifTags.IFD.Exif)
    return Shot(
        taken_at=_taken_at(exif, details),
        camera=_camera(exif),
        place=_place(exif.get_ifd(ExifTags.IFD.GPSInfo)),
        turned=exif.get(ExifTags.Base.Orientation) in TURNED,
    )


def _taken_at(exif: Tags, details: Tags) -> str | None:
    moments = [
        (details, ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
        (details, ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
        (exif, ExifTags.Base.DateTime, ExifTags.Base.OffsetTime),
    ]
    for tags, at, offset in moments:
        moment = _moment(_text(tags.get(at)), _text(details.get(offset)))
        if moment:
            return moment
    return None


def _moment(at: str, offset: str) -> str | None:
    for text, form in [(at + offset, "%Y:%m:%d %H:%M:%S%z"), (at, "%Y:%m:%d %H:%M:%S")]:
        try:
            return datetime.strptime(text, form).isoformat()  # noqa: DTZ007 - may be local
        except ValueError:
            continue
    return None


def _camera(exif: Tags) -> str | None:
    make, model = (
        _text(exif.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)
    )
    # Many makers repeat their name in the model's.
    both = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return both.strip() or None


def _place(gps: Tags) -> Place | None:
    latitude = _angle(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "NS")
    longitude = _angle(
        gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "EW"
    )
    return possible(longitude, latitude)


def _angle(gps: Tags, tag: int, side_tag: int, sides: str) -> float:
    """Return degrees of a triple of degrees, minutes, seconds; NaN if it is none."""
    side = _text(gps.get(side_tag)).upper()
    try:
        degrees, minutes, seconds = (float(part) for part in gps[tag])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return math.nan
    if side not in set(sides) or min(degrees, minutes, seconds) < 0:
        return math.nan
    return SIDES[side] * round(degrees + minutes / 60 + seconds / 3600, 7)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    seen = (c for c in value[:LONGEST_TEXT] if unicodedata.category(c) not in HIDDEN)
    return "".join(seen).strip()
