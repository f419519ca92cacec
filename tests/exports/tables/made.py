"""Tables made by hypothesis: every type, and the text that breaks careless writers."""

from datetime import date
from typing import Any

import polars as pl
from hypothesis import strategies as st

HOSTILE = (
    *('"', "'", ",", ";", "\t", "\n", "\r", "\r\n", "\0", "\x01", "\x1f", "\x7f"),
    *(
        "\ufffe",
        "\uffff",
        "\u2028",
        "\U0001f600",
        "=1+1",
        "+1",
        "-1",
        "@A1",
        "=HYPERLINK(",
    ),
    *(" ", "  x  ", "_x000D_", "_x0041_x0042_", "_x005F_", "_x00", "0041_", "&amp;"),
    *("<b>", "]]>", "NULL", "007", "1e5", "TRUE", "#N/A", "[1]", '{"a":1}'),
)
CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=8),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join),
)
WHOLE = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(allow_nan=False, allow_infinity=False)
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
MOMENTS = st.datetimes()
CLOCK = st.times()

# A column's type, and the values it may have besides null.
KINDS: tuple[tuple[pl.DataType, st.SearchStrategy[Any]], ...] = (
    (pl.String(), TEXTS),
    (pl.Int64(), WHOLE),
    (pl.Float64(), REAL),
    (pl.Boolean(), st.booleans()),
    (pl.Date(), DAYS),
    (pl.Datetime("us"), MOMENTS),
    (pl.Time(), CLOCK),
    (pl.Decimal(20, 2), st.decimals(-(10**17), 10**17, places=2)),
    (pl.Null(), st.none()),
    (pl.List(pl.String()), st.lists(TEXTS, max_size=3)),
    (
        pl.Struct({"n": pl.Int64(), "t": pl.String()}),
        st.fixed_dictionaries({"n": WHOLE, "t": TEXTS}),
    ),
)
NAMES = st.one_of(TEXTS, st.sampled_from(["*", "^.*$", "^a$", "v"])).filter(
    lambda name: bool(name.strip()) and "\0" not in name
)


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    columns = draw(
        st.lists(
            st.tuples(NAMES, st.sampled_from(KINDS)),
            min_size=1,
            max_size=4,
            unique_by=lambda column: column[0],
        )
    )
    height = draw(st.integers(0, 5))
    cells = [
        draw(st.lists(st.none() | values, min_size=height, max_size=height))
        for _, (_, values) in columns
    ]
    # Made without its name, which may be a pattern to Polars.
    return pl.DataFrame(
        [
            pl.Series("", values, dtype=dtype).alias(name)
            for (name, (dtype, _)), values in zip(columns, cells, strict=True)
        ]
    )


def halves(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Cut a table as it comes from a source: in frames."""
    return [frame.head(frame.height // 2), frame.slice(frame.height // 2)]
