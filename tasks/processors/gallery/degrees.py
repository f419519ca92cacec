"""Degrees as text."""

from tasks.processors.places import Place


def told_place(place: Place) -> str:
    return f"{told_latitude(place.latitude)} {told_longitude(place.longitude)}"


def told_latitude(degrees: float, decimals: int = 5) -> str:
    return _told(degrees, decimals, "N", "S")


def told_longitude(degrees: float, decimals: int = 5) -> str:
    """Any number of turns around the Earth is taken off."""
    within = (degrees + 180) % 360 - 180
    return _told(within, decimals, "E", "W")


def _told(degrees: float, decimals: int, above: str, below: str) -> str:
    number = f"{abs(degrees):.{decimals}f}"
    side = "" if not float(number) else above if degrees > 0 else below
    return f"{number}°{side}"
