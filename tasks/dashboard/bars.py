"""A chart of stacked bars as SVG: what ended well and what did not, over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tasks.states import JobState

WIDTH, HEIGHT = 420, 150
LEFT, TOP, BOTTOM = 34, 8, 20
PLOT_W, PLOT_H = WIDTH - LEFT - 4, HEIGHT - TOP - BOTTOM
GAP = 0.25  # of a bar's room
# From the ground up.
LAYERS = (JobState.SUCCEEDED, JobState.CANCELLED, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class Bar:
    label: str  # in full, for the table and the tooltip
    tick: str  # below the bar; empty: none
    counts: dict[str, int]  # by state

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def chart(name: str, title: str, bars: Sequence[Bar], *, per: str) -> SafeString:
    """Draw bars, with the same as a table below for who does not look at pictures.

    `name` is unique in the page; `per` says what a bar is: an hour, a day.
    """
    top = _nice(max((bar.total for bar in bars), default=0))
    return format_html(
        '<figure class="chart"><svg role="img" viewBox="0 0 {} {}" '
        'aria-labelledby="{}-title {}-desc"><title id="{}-title">{}</title>'
        '<desc id="{}-desc">{}</desc>{}{}</svg>{}{}</figure>',
        *(WIDTH, HEIGHT, name, name, name, title, name, _told(bars, per)),
        _grid(top),
        format_html_join("", "{}", ((one,) for one in _bars(bars, top))),
        _legend(),
        _table(name, bars, per),
    )


def _nice(highest: int) -> int:
    """Round up to 4, 6, 8, 10, 20, 40 and so on: the half is a whole number too."""
    power = 1
    while 10 * power < highest:
        power *= 10
    return next(step * power for step in (4, 6, 8, 10) if step * power >= highest)


def _told(bars: Sequence[Bar], per: str) -> str:
    counts = {state: sum(bar.counts.get(state, 0) for bar in bars) for state in LAYERS}
    parts = (f"{counts[state]:,} {state.label.lower()}" for state in LAYERS)
    return f"In each {per}, {len(bars)} of them. In all: {', '.join(parts)}."


def _grid(top: int) -> SafeString:
    lines = (
        (LEFT, (y := _y(value, top)), WIDTH - 4, y, LEFT - 5, y + 3, _short(value))
        for value in (0, top / 2, top)
    )
    return format_html_join(
        "",
        '<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>'
        '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>',
        lines,
    )


def _bars(bars: Sequence[Bar], top: int) -> Iterator[SafeString]:
    room = PLOT_W / max(1, len(bars))
    for number, bar in enumerate(bars):
        x = LEFT + number * room + room * GAP / 2
        layers = format_html_join(
            "", "{}", ((one,) for one in _layers(bar, top, x, room))
        )
        yield format_html("<g><title>{}</title>{}</g>", _tip(bar), layers)
        if bar.tick:
            yield format_html(
                '<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>',
                *(_at(x + room * (1 - GAP) / 2), HEIGHT - 6, bar.tick),
            )


def _layers(bar: Bar, top: int, x: float, room: float) -> Iterator[SafeString]:
    # The whole column hears the pointer, however small its bar.
    yield format_html(
        '<rect class="column" x="{}" y="{}" width="{}" height="{}"/>',
        *(_at(x - room * GAP / 2), TOP, _at(room), PLOT_H),
    )
    below = 0
    for state in LAYERS:
        count = bar.counts.get(state, 0)
        if count:
            # One failure among thousands is still seen.
            tall = max(1.5, PLOT_H * count / top)
            y = _y(below + count, top)
            yield format_html(
                '<rect class="is-{}" x="{}" y="{}" width="{}" height="{}"/>',
                *(state.value, _at(x), min(y, _y(below, top) - 1.5)),
                *(_at(room * (1 - GAP)), _at(tall)),
            )
        below += count


def _tip(bar: Bar) -> str:
    parts = (f"{bar.counts.get(state, 0):,} {state.label.lower()}" for state in LAYERS)
    return f"{bar.label}: {', '.join(parts)}"


def _legend() -> SafeString:
    items = ((state.value, state.label) for state in LAYERS)
    keys = format_html_join("", '<li class="is-{}">{}</li>', items)
    return format_html('<ul class="legend">{}</ul>', keys)


def _table(name: str, bars: Sequence[Bar], per: str) -> SafeString:
    heads = format_html_join(
        "", '<th scope="col">{}</th>', ((state.label,) for state in LAYERS)
    )
    rows = (
        (bar.label, *(f"{bar.counts.get(state, 0):,}" for state in LAYERS))
        for bar in bars
    )
    lines = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>',
        rows,
    )
    return format_html(
        '<details id="{}-table"><summary>As a table</summary><div class="scrolls" '
        'tabindex="0" role="region" aria-label="Counts for each {}"><table><thead>'
        '<tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody></table></div>'
        "</details>",
        *(name, per, per.capitalize(), heads, lines),
    )


def _y(value: float, top: float) -> float:
    return _at(TOP + PLOT_H * (1 - value / top))


def _at(number: float) -> float:
    return round(number, 1)


def _short(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value / 1_000:g}k" if value >= 1_000 else f"{ceil(value)}"
