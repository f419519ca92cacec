"""A map of some places: pins over a graticule, in plane coordinates."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tasks.processors.extent import extent_of
from tasks.processors.gallery.degrees import told_latitude, told_longitude
from tasks.processors.places import Place

WIDTH = 960
HEIGHTS = (320, 430)
MARGIN = 44  # around the outermost pins
SMALLEST_KM = 0.4  # across, so that one place has some surroundings
KM_PER_DEGREE = 111.32
CELL = 16  # pins closer than about this are drawn as one
LEAST_SPACING = 140  # between lines, so that their labels have room
EDGE = 32  # no line's label here, where the other lines have theirs
LONGEST_BAR = 150
STEPS = (
    *(1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1, 2, 5, 10, 15, 30, 45, 60),
)

BARS_KM = tuple(digit * 10.0**power for power in range(-3, 5) for digit in (1, 2, 5))
TITLES_TOLD = 8


@dataclass(frozen=True, slots=True)
class Pin:
    place: Place
    title: str
    link: str


@dataclass(frozen=True, slots=True)
class Mark:
    x: str
    y: str
    radius: str
    title: str
    link: str
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    at: str  # x of a meridian, y of a parallel
    label: str


@dataclass(frozen=True, slots=True)
class Map:
    width: int
    height: int
    marks: list[Mark]
    meridians: list[Line]
    parallels: list[Line]
    top: str  # the poles, or the edges of the map
    bottom: str
    bar_from: str
    bar_to: str
    bar_label: str


class _Projection:
    """Equirectangular, true to scale at the middle latitude, pins in the middle."""

    def __init__(self, places: Sequence[Place]) -> None:
        extent = extent_of(places)
        self.latitude = (extent.south + extent.north) / 2
        self.longitude = extent.west + extent.width / 2
        # At the poles themselves all longitudes would be one.
        self.squeeze = max(math.cos(math.radians(self.latitude)), 0.05)
        least = SMALLEST_KM / KM_PER_DEGREE
        wide = max(extent.width * self.squeeze, least)
        high = max(extent.north - extent.south, least / 2)
        low, most = HEIGHTS
        inner = WIDTH - 2 * MARGIN
        self.height = round(min(max(inner * high / wide + 2 * MARGIN, low), most))
        self.scale = min(inner / wide, (self.height - 2 * MARGIN) / high)
        self._west = extent.west

    def x(self, longitude: float) -> float:
        # Counted eastwards from the westernmost pin, also across 180°.
        around = self._west + (longitude - self._west) % 360
        return self.x_of(around)

    def x_of(self, unrolled: float) -> float:
        east = (unrolled - self.longitude) * self.squeeze
        return WIDTH / 2 + east * self.scale

    def y(self, latitude: float) -> float:
        return self.height / 2 - (latitude - self.latitude) * self.scale

    def span_degrees(self) -> tuple[float, float]:
        """Return how many degrees fit into half the width and half the height."""
        return (
            min(WIDTH / 2 / self.scale / self.squeeze, 180.0),
            self.height / 2 / self.scale,
        )


def draw_map(pins: Sequence[Pin]) -> Map | None:
    if not pins:
        return None
    on = _Projection([pin.place for pin in pins])
    bar = _bar_km(on.scale)
    bar_width = bar / KM_PER_DEGREE * on.scale
    return Map(
        width=WIDTH,
        height=on.height,
        marks=[_mark(cell) for cell in _cells(on, pins)],
        meridians=list(_meridians(on)),
        parallels=list(_parallels(on)),
        top=_told(max(on.y(90), 0)),
        bottom=_told(min(on.y(-90), on.height)),
        bar_from=_told(WIDTH - 16 - bar_width),
        bar_to=_told(WIDTH - 16),
        bar_label=f"{bar:g} km" if bar >= 1 else f"{bar * 1000:g} m",
    )


Placed = tuple[float, float, Pin]


def _cells(on: _Projection, pins: Iterable[Pin]) -> list[list[Placed]]:
    cells: dict[tuple[int, int], list[Placed]] = {}
    for pin in pins:
        x, y = on.x(pin.place.longitude), on.y(pin.place.latitude)
        cells.setdefault((int(x // CELL), int(y // CELL)), []).append((x, y, pin))
    return list(cells.values())


def _mark(cell: list[Placed]) -> Mark:
    count = len(cell)
    titles = [pin.title for _, _, pin in cell[:TITLES_TOLD]]
    more = [f"and {count - TITLES_TOLD} more"] if count > TITLES_TOLD else []
    return Mark(
        x=_told(sum(x for x, _, _ in cell) / count),
        y=_told(sum(y for _, y, _ in cell) / count),
        radius=_told(6 if count == 1 else min(8 + 2 * math.log2(count), 20)),
        title="\n".join([*titles, *more]),
        link=cell[0][2].link,
        count=count,
    )


def _meridians(on: _Projection) -> Iterator[Line]:
    half, _ = on.span_degrees()
    step = _step(on.scale * on.squeeze)
    for degrees in _multiples(on.longitude - half, on.longitude + half, step):
        x = on.x_of(degrees)
        if 2 * EDGE < x < WIDTH - EDGE:
            yield Line(_told(x), told_longitude(degrees, _decimals(step)))


def _parallels(on: _Projection) -> Iterator[Line]:
    _, half = on.span_degrees()
    step = _step(on.scale)
    south, north = max(on.latitude - half, -90), min(on.latitude + half, 90)
    for degrees in _multiples(south, north, step):
        y = on.y(degrees)
        if EDGE < y < on.height - EDGE:
            yield Line(_told(y), told_latitude(degrees, _decimals(step)))


def _step(per_degree: float) -> float:
    wide_enough = (step for step in STEPS if step * per_degree >= LEAST_SPACING)
    return next(wide_enough, STEPS[-1])


def _multiples(low: float, high: float, step: float) -> Iterator[float]:
    for number in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield number * step


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step)))


def _bar_km(per_degree: float) -> float:
    most_km = LONGEST_BAR / per_degree * KM_PER_DEGREE
    return max((km for km in BARS_KM if km <= most_km), default=BARS_KM[0])


def _told(number: float) -> str:
    """One decimal; as text, for templates write numbers by the reader's country."""
    return f"{number:.1f}"
