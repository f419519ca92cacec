"""How to ask SQLite for columns, whose cells may each be of a kind of their own.

A column is read as one kind. What would be changed by that is not read: a hidden last
column tells of it, or the driver does, and the reading starts over with the kinds that
a scan of all rows found. Cells of several kinds become text; blobs in it are base64.
"""

# ruff: noqa: S608 - the names are quoted, the queries are the operator's

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

# Integers beyond are not all floating point numbers.
EXACT = 2**53
SCANNED = 300  # columns at a time
CLASSES = ("integer", "real", "text", "blob")
TEXT_OF_REAL = (
    "CASE WHEN CAST(printf('%!.15g', {c}) AS REAL) = {c} THEN printf('%!.15g', {c}) "
    "ELSE printf('%!.17g', {c}) END"
)


class Kind(Enum):
    """What a column is read as."""

    INTEGER = "integer"
    REAL = "real"
    TEXT = "text"
    BLOB = "blob"
    MIXED = "mixed"  # text of what is none, and blobs in a column beside it


# The driver's type for a column, and a value from which it takes that.
ARROW = {
    Kind.INTEGER: ("int64", "0"),
    Kind.REAL: ("double", "0.0"),
    Kind.TEXT: ("string", "''"),
    Kind.BLOB: ("binary", "x''"),
    Kind.MIXED: ("string", "''"),
}
AFFINITIES = (
    ("INT", Kind.INTEGER),
    ("CHAR", Kind.TEXT),
    ("CLOB", Kind.TEXT),
    ("TEXT", Kind.TEXT),
    ("BLOB", Kind.BLOB),
    ("REAL", Kind.REAL),
    ("FLOA", Kind.REAL),
    ("DOUB", Kind.REAL),
)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    # A table's own column turns what is stored in it into its kind, where it can.
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """What is read, under the names c0, c1, … that no data can spoil."""

    select: str  # SELECT * FROM a table, or a named query
    width: int

    @property
    def begin(self) -> str:
        names = ", ".join(f"c{n}" for n in range(self.width))
        return f"WITH q({names}) AS (\n{self.select}\n)\n"


def affinity(declared: str) -> Kind | None:
    """Return the kind that a declared type comes to (sqlite.org/datatype3.html)."""
    return next((k for word, k in AFFINITIES if word in declared.upper()), None)


def look_at(relation: Relation, *, rows: int) -> str:
    """Ask what the first cells are: a column of names for each column."""
    names = ", ".join(f"typeof(c{n})" for n in range(relation.width))
    return f"{relation.begin}SELECT {names} FROM q LIMIT {rows}"


def scans(relation: Relation) -> Iterator[str]:
    """Ask of all cells: five columns of 0 and 1 for each, as `scanned` reads them.

    SQLite gives no more than 2,000 columns at a time.
    """
    for start in range(0, relation.width, SCANNED):
        found = [
            question
            for n in range(start, min(start + SCANNED, relation.width))
            for question in (
                *(f"max(typeof(c{n}) = '{one}')" for one in CLASSES),
                f"max({_big(f'c{n}')})",
            )
        ]
        yield f"{relation.begin}SELECT {', '.join(found)} FROM q"


def scanned(row: Sequence[int | None]) -> Iterator[Kind | None]:
    """Give the kind that holds every cell of a column; None where all are null."""
    for at in range(0, len(row), 5):
        *found, big = row[at : at + 5]
        kinds = {one for one, there in zip(CLASSES, found, strict=True) if there}
        yield kind_of(kinds) if not big or kinds == {"integer"} else Kind.MIXED


def kind_of(found: Collection[str]) -> Kind | None:
    """Return the kind that holds cells of these storage classes."""
    kinds = set(found) - {"null"}
    if not kinds:
        return None
    if kinds == {"integer", "real"}:
        return Kind.REAL
    return Kind(kinds.pop()) if len(kinds) == 1 else Kind.MIXED


def select(relation: Relation, columns: Sequence[Column], *, careful: bool) -> str:
    """Ask for all rows, below one of literals from which the driver takes the types.

    The columns are c0, c1, …, then b<n> for the blobs of each mixed one, then `odd`.
    """
    typed = [f"{ARROW[one.kind][1]} AS c{n}" for n, one in enumerate(columns)]
    cells = [_cell(one.kind, f"c{n}", careful) for n, one in enumerate(columns)]
    for n, one in enumerate(columns):
        if one.kind is Kind.MIXED:
            typed.append(f"x'' AS b{n}")
            cells.append(f"CASE WHEN typeof(c{n}) = 'blob' THEN c{n} END")
    guards = [
        guard for n, one in enumerate(columns) if (guard := _guard(one, n, careful))
    ]
    return (
        f"{relation.begin}SELECT {', '.join(typed)}, 0 AS odd\n"
        f"UNION ALL SELECT {', '.join(cells)}, ({any_of(guards)}) IS TRUE FROM q"
    )


def arrow_types(columns: Sequence[Column]) -> list[str]:
    mixed = sum(one.kind is Kind.MIXED for one in columns)
    return [*(ARROW[one.kind][0] for one in columns), *["binary"] * mixed, "int64"]


def any_of(parts: Sequence[str]) -> str:
    """Join conditions; SQLite takes no expression that is nested 1,000 deep."""
    while len(parts) > 100:
        parts = [
            f"({' OR '.join(parts[at : at + 100])})" for at in range(0, len(parts), 100)
        ]
    return " OR ".join(parts) or "0"


def _cell(kind: Kind, c: str, careful: bool) -> str:  # noqa: FBT001 - one of two ways
    if kind is Kind.REAL and careful:
        return f"CAST({c} AS REAL)"
    if kind is Kind.MIXED:
        real = TEXT_OF_REAL.format(c=c)
        return (
            f"CASE typeof({c}) WHEN 'real' THEN {real} WHEN 'blob' THEN NULL "
            f"ELSE CAST({c} AS TEXT) END"
        )
    return c


def _guard(column: Column, n: int, careful: bool) -> str:  # noqa: FBT001
    """Tell of cells that would be changed; numbers < texts < blobs in SQLite."""
    c = f"c{n}"
    if column.kind is Kind.TEXT:
        return f"{c} >= x''" if column.bound else f"{c} < '' OR {c} >= x''"
    if column.kind is Kind.BLOB:
        return f"{c} < x''"
    if column.kind is Kind.REAL and not column.bound:
        odd = f"{c} >= ''" if careful else f"{c} > {EXACT} OR {c} < -{EXACT}"
        return f"{odd} OR ({_big(c)})" if careful else odd
    return ""


def _big(c: str) -> str:
    return f"typeof({c}) = 'integer' AND {c} NOT BETWEEN -{EXACT} AND {EXACT}"
