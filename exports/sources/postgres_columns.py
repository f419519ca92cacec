"""How to ask PostgreSQL for columns, so that the driver changes nothing in them.

What Arrow and Polars hold is read as it is, the rest as PostgreSQL's own text: uuid,
json, interval (ISO 8601), enums, ranges, addresses, money, rows. `numeric(p, s)` is a
decimal up to 38 digits; a bare `numeric` is exact text, as it has no scale. Cells that
types cannot hold here (infinite dates, 24:00, NaN in decimals, arrays in arrays) are
found by a hidden last column, and then their columns are read as text.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl
from psycopg import Column as Described
from psycopg.adapt import AdaptersMap

PLAIN = {
    *("int2", "int4", "int8", "float4", "float8", "bool"),
    *("text", "varchar", "bpchar", "name", "bytea"),
}
LISTS = {*("int2", "int4", "int8", "float4", "float8", "bool"), "text", "varchar"}
BEYOND = "({c} < '0001-01-01' OR {c} >= '10000-01-01')"
ODD = {
    "date": BEYOND,
    "timestamp": BEYOND,
    "timestamptz": BEYOND,
    "time": "{c} = '24:00'",
}
MOST_DIGITS = 38


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    cell: str  # what is selected
    odd: str = ""  # true of cells that `cell` would spoil
    text: str = ""  # what is selected then
    dtype: pl.DataType | None = None  # that the text is of


def column_of(described: Described, n: int, types: AdaptersMap) -> Column:
    c, name = f"c{n}", described.name
    text = f"{c}::text"
    info = types.types.get(described.type_code)
    known = info.name if info else ""
    if info is not None and info.array_oid == described.type_code:
        return _array(name, c, known)
    if known in PLAIN:
        return Column(name, c)
    if known in ODD:
        return Column(name, c, ODD[known].format(c=c), text)
    dtype = _decimal(described) if known == "numeric" else None
    if dtype is not None:
        return Column(name, text, f"{c} = 'NaN'", text, dtype)
    return Column(name, text)


def _array(name: str, c: str, inner: str) -> Column:
    cell = c if inner in LISTS else f"{c}::text[]"
    return Column(name, cell, f"array_ndims({c}) > 1", f"to_json({c})::text")


def _decimal(described: Described) -> pl.Decimal | None:
    digits, scale = described.precision, described.scale
    if digits is None or scale is None or not 0 <= scale <= digits <= MOST_DIGITS:
        return None
    return pl.Decimal(digits, scale)


def begin(select: str, width: int) -> str:
    names = ", ".join(f"c{n}" for n in range(width))
    return f"FROM (\n{select}\n) AS q({names})"


def scan(select: str, columns: Sequence[Column]) -> str:
    """Ask of each column that has odd cells at times whether it does."""
    odd = [f"coalesce(bool_or({one.odd or 'false'}), false)" for one in columns]
    return f"SELECT {', '.join(odd)} {begin(select, len(columns))}"


def rows(select: str, columns: Sequence[Column], *, as_text: Collection[int]) -> str:
    """Ask for all rows, their columns c0, c1, … and then `odd`."""
    cells = [
        f"{one.text if n in as_text else one.cell} AS c{n}"
        for n, one in enumerate(columns)
    ]
    odd = " OR ".join(
        f"({one.odd})" for n, one in enumerate(columns) if one.odd and n not in as_text
    )
    odd = f"coalesce({odd or 'false'}, false) AS odd"
    return f"SELECT {', '.join([*cells, odd])} {begin(select, len(columns))}"
