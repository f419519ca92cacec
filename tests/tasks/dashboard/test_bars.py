"""Charts as SVG: for eyes, and for who has none."""

import re
from xml.etree import ElementTree as ET

import pytest

from tasks.dashboard.bars import Bar, chart

BARS = [
    Bar("1 May", "01.", {"succeeded": 8, "failed": 2}),
    Bar("2 May", "", {}),
    Bar("<3 May>", "03.", {"succeeded": 3, "cancelled": 1}),
]


def drawn(bars: list[Bar]) -> str:
    return str(chart("days", "Jobs & ends", bars, per="day"))


def test_it_is_named_and_told_in_words() -> None:
    figure = ET.fromstring(drawn(BARS))

    svg = figure.find("svg")
    assert svg is not None
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"] == "days-title days-desc"
    assert svg.findtext("title") == "Jobs & ends"
    assert svg.findtext("desc") == (
        "In each day, 3 of them. In all: 11 succeeded, 1 cancelled, 2 failed."
    )


def test_a_table_has_the_same_figures() -> None:
    figure = ET.fromstring(drawn(BARS))

    rows = [[cell.text for cell in row] for row in figure.findall(".//tbody/tr")]
    assert rows == [
        ["1 May", "8", "0", "2"],
        ["2 May", "0", "0", "0"],
        ["<3 May>", "3", "1", "0"],
    ]


def test_bars_are_as_high_as_their_counts_and_stand_on_each_other() -> None:
    svg = drawn(BARS)

    found = re.findall(
        r'class="is-(\w+)" x="\S+" y="(\S+)" width="\S+" height="(\S+)"', svg
    )
    good, bad = ((float(y), float(tall)) for state, y, tall in found[:2])
    assert good[1] == 4 * bad[1]
    assert bad[0] + bad[1] == pytest.approx(good[0], abs=0.2)


@pytest.mark.parametrize(
    ("highest", "half", "top"),
    [
        (0, "2", "4"),
        (5, "3", "6"),
        (100, "50", "100"),
        (101, "200", "400"),
        (5_200, "3k", "6k"),
        (3_000_000, "2M", "4M"),
    ],
)
def test_the_axis_ends_at_a_round_number(highest: int, half: str, top: str) -> None:
    ticks = re.findall(
        r'text-anchor="end">([^<]+)<', drawn([Bar("a", "", {"failed": highest})])
    )

    assert ticks == ["0", half, top]


def test_one_failure_among_thousands_is_seen() -> None:
    svg = drawn([Bar("a", "", {"succeeded": 100_000, "failed": 1})])

    assert re.search(r'class="is-failed" [^>]*height="1.5"', svg)


def test_without_bars_it_is_still_a_picture() -> None:
    assert ET.fromstring(drawn([])).find("svg") is not None


def test_nothing_in_it_needs_a_style_or_a_script_of_the_page() -> None:
    assert "style=" not in drawn(BARS)
    assert "<script" not in drawn(BARS)
