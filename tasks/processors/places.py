"""Where an asset was made, by what its client said of it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGITUDE, LATITUDE = "longitude", "latitude"
LIMITS = {LONGITUDE: 180.0, LATITUDE: 90.0}  # degrees, WGS 84: RFC 7946 4
DECIMAL = re.compile(
    r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE
)
LONGEST_NUMBER = 50  # characters


class BadPlace(ValueError):
    """Attributes name a place that cannot be."""


@dataclass(frozen=True, slots=True)
class Place:
    longitude: float
    latitude: float


def declared_place(attributes: Any) -> Place | None:
    """Read numbers or numeric strings; None when there is neither of the two.

    Raises:
        BadPlace: one is missing, no number, or out of range; the message says which.
    """
    if not isinstance(attributes, Mapping):
        return None
    given = {name: attributes.get(name) for name in LIMITS}
    if all(value is None or value == "" for value in given.values()):
        return None
    found = {name: _degrees(name, value) for name, value in given.items()}
    return Place(found[LONGITUDE], found[LATITUDE])


def possible(longitude: float, latitude: float) -> Place | None:
    """Return the place if there is such a one on Earth; not a number is none."""
    if abs(longitude) <= LIMITS[LONGITUDE] and abs(latitude) <= LIMITS[LATITUDE]:
        return Place(longitude, latitude)
    return None


def _degrees(name: str, value: Any) -> float:
    if value is None or value == "":
        raise BadPlace(f"{name}: is missing")
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise BadPlace(f"{name}: is not a number")
    limit = LIMITS[name]
    if abs(number) > limit:
        raise BadPlace(f"{name}: {number:g} is not between {-limit:g} and {limit:g}")
    return number


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        text = value.strip() if len(value) <= LONGEST_NUMBER else ""
        return float(text) if DECIMAL.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
