"""What a panel of the dashboard is made of; values only, for every floor to give."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure; `tone` is good, bad or nothing."""

    label: str
    value: str
    detail: str = ""
    url: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    heads: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    empty: str  # what to say where there are no rows


@dataclass(frozen=True, slots=True)
class Panel:
    id: str
    title: str
    needs: str  # the permission without which it is not shown
    tiles: Sequence[Tile] = ()
    picture: SafeString | None = None
    table: Table | None = None
    note: str = ""
    wide: bool = False


def link(url: str, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def lasting(seconds: float | None) -> str:
    """Write a duration so that it is read at a glance: 340 ms, 2.5 s, 12 min, 3 h."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < 2 * HOUR_S:
        return f"{seconds / MINUTE_S:.0f} min"
    if seconds < 2 * DAY_S:
        return f"{seconds / HOUR_S:.0f} h"
    return f"{seconds / DAY_S:.0f} days"


def sized(size_bytes: float) -> str:
    power = 0
    while size_bytes >= 1000 and power < len(UNITS) - 1:
        size_bytes, power = size_bytes / 1000, power + 1
    return f"{size_bytes:.{min(power, 1)}f} {UNITS[power]}"
