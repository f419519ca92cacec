"""Places that clients declare, and what part of the Earth they span."""

from typing import Any

import pytest

from tasks.processors.extent import Extent, extent_of
from tasks.processors.places import BadPlace, Place, declared_place


@pytest.mark.parametrize(
    ("longitude", "latitude", "expected"),
    [
        (13.4, 52.5, Place(13.4, 52.5)),
        ("13.4", " -52.5 ", Place(13.4, -52.5)),
        (0, 0, Place(0.0, 0.0)),
        ("1.8e2", "+90", Place(180.0, 90.0)),
        (-180, -90.0, Place(-180.0, -90.0)),
        ("7.", ".5", Place(7.0, 0.5)),
    ],
)
def test_numbers_and_numeric_strings_are_a_place(
    longitude: Any, latitude: Any, expected: Place
) -> None:
    attributes = {"longitude": longitude, "latitude": latitude, "other": {}}

    assert declared_place(attributes) == expected


@pytest.mark.parametrize(
    "attributes",
    [{}, {"longitude": None, "latitude": ""}, [], "text", None, 7],
    ids=range(6),
)
def test_without_both_there_is_no_place(attributes: Any) -> None:
    assert declared_place(attributes) is None


@pytest.mark.parametrize(
    ("longitude", "latitude", "message"),
    [
        (13.4, None, "latitude: is missing"),
        (None, 52.5, "longitude: is missing"),
        (180.001, 0, "longitude: 180.001 is not between -180 and 180"),
        (0, -91, "latitude: -91 is not between -90 and 90"),
        (0, "north", "latitude: is not a number"),
        ("nan", 0, "longitude: is not a number"),
        ("inf", 0, "longitude: is not a number"),
        ("1_0", 0, "longitude: is not a number"),
        ("١٢", 0, "longitude: is not a number"),
        ("1e999", 0, "longitude: is not a number"),
        (10**400, 0, "longitude: is not a number"),
        (True, 0, "longitude: is not a number"),
        ([1], {}, "longitude: is not a number"),
        ("1" * 100_000, 0, "longitude: is not a number"),
    ],
    ids=range(14),
)
def test_a_place_that_cannot_be_says_which_part_is_wrong(
    longitude: Any, latitude: Any, message: str
) -> None:
    with pytest.raises(BadPlace) as caught:
        declared_place({"longitude": longitude, "latitude": latitude})

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([(5, 6)], Extent(5, 6, 0, 6)),
        ([(5, 6), (7, 1), (6, 2)], Extent(5, 1, 2, 6)),
        ([(179, 0), (-179, 1)], Extent(179, 0, 2, 1)),
        ([(-120, 0), (0, 0), (120, 0)], Extent(-120, 0, 240, 0)),
        ([(180, 0), (-180, 0)], Extent(180, 0, 0, 0)),
        ([(170, 0), (-170, 0), (-100, 0)], Extent(170, 0, 90, 0)),
    ],
    ids=range(6),
)
def test_an_extent_leaves_out_the_widest_gap(
    places: list[tuple[float, float]], expected: Extent
) -> None:
    assert extent_of([Place(*place) for place in places]) == expected
