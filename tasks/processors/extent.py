"""The smallest part of the Earth that holds some places."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tasks.processors.places import Place


@dataclass(frozen=True, slots=True)
class Extent:
    """Degrees; it begins at `west` and reaches `width` eastwards, also across 180°."""

    west: float
    south: float
    width: float
    north: float

    def east_of_west(self, longitude: float) -> float:
        return (longitude - self.west) % 360


def extent_of(places: Sequence[Place]) -> Extent:
    """Leave out the widest gap between neighbours around the Earth."""
    south = min(place.latitude for place in places)
    north = max(place.latitude for place in places)
    around = sorted({place.longitude for place in places})
    # The gap from the last to the first lies across 180°.
    gaps = [(after - before, after) for before, after in pairwise(around)]
    wrap = around[0] + 360 - around[-1]
    widest, west = max(gaps, default=(0.0, 0.0))
    if widest <= wrap:
        return Extent(around[0], south, around[-1] - around[0], north)
    return Extent(west, south, 360 - widest, north)
