"""Small pictures for the admin: a revision's pipelines, a dataset's growth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

BOX_W, BOX_H, GAP_X, GAP_Y = 158, 44, 28, 12
CHART_W, CHART_H = 210, 100
COLOURS = {
    "queued": "#9aa5b1",
    "inprogress": "#2f6fde",
    "succeeded": "#2e8540",
    "failed": "#c8352b",
}


@dataclass(frozen=True)
class Node:
    """A pipeline in the graph; `link` is empty where there is nothing to open."""

    id: str
    label: str
    detail: str
    state: str
    needs: frozenset[str]
    link: str = ""


def graph(nodes: Sequence[Node]) -> SafeString:
    """Draw nodes in columns: each stands right of all that it needs."""
    column = _columns(nodes)
    place: dict[str, tuple[int, int]] = {}
    height: dict[int, int] = {}
    for node in nodes:
        at = column[node.id]
        row = height.get(at, 0)
        height[at] = row + 1
        place[node.id] = (at * (BOX_W + GAP_X) + 4, row * (BOX_H + GAP_Y) + 4)
    width = (max(height, default=0) + 1) * (BOX_W + GAP_X)
    tall = max(height.values(), default=0) * (BOX_H + GAP_Y) + 4
    return format_html(
        '<div class="picture"><svg role="group" aria-label="Pipelines" '
        'width="{}" height="{}" font-size="11" font-family="sans-serif">{}{}'
        "</svg></div>",
        width,
        tall,
        format_html_join("", "{}", ((line,) for line in _lines(nodes, place))),
        format_html_join("", "{}", ((_box(n, *place[n.id]),) for n in nodes)),
    )


def _columns(nodes: Sequence[Node]) -> dict[str, int]:
    known = {node.id: node for node in nodes}
    found: dict[str, int] = {}
    left = list(known)
    while left:
        ready = [i for i in left if known[i].needs & known.keys() <= found.keys()]
        for id_ in ready or left:  # what goes round in circles is drawn all the same
            before = [found[need] for need in known[id_].needs if need in found]
            found[id_] = max(before, default=-1) + 1
        left = [id_ for id_ in left if id_ not in found]
    return found


def _lines(
    nodes: Iterable[Node], place: Mapping[str, tuple[int, int]]
) -> Iterable[SafeString]:
    for node in nodes:
        x, y = place[node.id]
        for need in sorted(node.needs & place.keys()):
            from_x, from_y = place[need]
            # Only to the next column: the rest follows, and would only tangle.
            if x - from_x <= BOX_W + GAP_X:
                yield format_html(
                    '<path d="M{} {} C{} {},{} {},{} {}" fill="none" '
                    'stroke="#9aa5b1"/>',
                    *(from_x + BOX_W, from_y + BOX_H // 2),
                    *(from_x + BOX_W + GAP_X // 2, from_y + BOX_H // 2),
                    *(x - GAP_X // 2, y + BOX_H // 2),
                    *(x, y + BOX_H // 2),
                )


def _box(node: Node, x: int, y: int) -> SafeString:
    colour = COLOURS.get(node.state, "#9aa5b1")
    box = format_html(
        '<g><title>{}: {}</title><rect x="{}" y="{}" width="{}" height="{}" rx="6" '
        'fill="none" stroke="{}" stroke-width="2"/><rect x="{}" y="{}" width="6" '
        'height="{}" fill="{}"/><text x="{}" y="{}" fill="currentColor">{}</text>'
        '<text x="{}" y="{}" fill="currentColor" opacity="0.7">{}</text></g>',
        *(node.id, node.state, x, y, BOX_W, BOX_H, colour, x, y, BOX_H, colour),
        *(x + 14, y + 18, _short(node.label, 25), x + 14, y + 34),
        _short(node.detail, 26),
    )
    return format_html('<a href="{}">{}</a>', node.link, box) if node.link else box


def chart(series: Mapping[str, Sequence[float]]) -> SafeString:
    """Draw one line for each series, every one scaled to its own highest value."""
    colours = ("#2f6fde", "#2e8540", "#b7791f")
    drawn = zip(series.items(), colours, strict=False)
    figures = format_html_join(
        "",
        '<figure class="picture">'
        '<svg role="img" aria-label="{}" width="{}" height="{}">'
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="3" '
        'stroke-linecap="round"/></svg>'
        "<figcaption>{}: {}</figcaption></figure>",
        (
            (name, CHART_W, CHART_H, _points(values), colour, name, _ends(values))
            for (name, values), colour in drawn
        ),
    )
    return format_html('<div class="charts">{}</div>', figures)


def _points(values: Sequence[float]) -> str:
    values = values if len(values) != 1 else [*values, *values]  # a point is no line
    highest = max(values, default=0) or 1
    step = (CHART_W - 8) / max(1, len(values) - 1)
    return " ".join(
        f"{4 + number * step:.1f},{CHART_H - 4 - (CHART_H - 8) * value / highest:.1f}"
        for number, value in enumerate(values)
    )


def _ends(values: Sequence[float]) -> str:
    if not values:
        return "nothing yet"
    return f"{_number(values[-1])} now, {_number(max(values))} at most"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
