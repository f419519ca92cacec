"""The expressions that read a field's cells, strings, as values of its type."""

from collections.abc import Callable, Mapping

import orjson
import polars as pl

from exports.tables.fields import Field

Reading = Callable[[Field, pl.Expr], pl.Expr]

BARE_INTEGER = r"([+-]?\d+)"
BARE_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
YEAR = r"^[+-]?\d{4,5}$"
YEARMONTH = r"^-?\d{4}-(?:0[1-9]|1[0-2])$"
DURATION = (
    r"^-?P(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?"
    r"(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)$"
)
GEOPOINT = r"^-?\d+(?:\.\d+)?,\s*-?\d+(?:\.\d+)?$"
DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%Y%m%d", "%d %B %Y")
TIMES = ("%H:%M:%S%.f", "%H:%M", "%I:%M %p")


def is_missing(field: Field, text: pl.Expr) -> pl.Expr:
    return text.is_null() | text.is_in(field.missing)


def typed(field: Field, text: pl.Expr) -> pl.Expr:
    """Return the values of a field; null where a cell is missing or does not fit."""
    present = pl.when(~is_missing(field, text)).then(text)
    reading = READINGS.get(field.type)
    return reading(field, present) if reading else present


def dtype_of(field: Field) -> pl.DataType:
    """Return the type `typed` gives; integers stay whole far beyond 64 bits."""
    dtypes: Mapping[str, pl.DataType] = {
        "boolean": pl.Boolean(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us", "UTC" if is_utc(field) else None),
        "integer": pl.Int128(),
        "number": pl.Float64(),
        "time": pl.Time(),
        "year": pl.Int64(),
    }
    return dtypes.get(field.type, pl.String())


def is_utc(field: Field) -> bool:
    return field.format in {"default", "any"} or "%z" in field.format


def read_integer(field: Field, text: pl.Expr) -> pl.Expr:
    text = ungrouped(field, text)
    bare = text if field.bare_number else text.str.extract(BARE_INTEGER)
    return bare.cast(pl.Int128, strict=False)


def read_number(field: Field, text: pl.Expr) -> pl.Expr:
    text = ungrouped(field, text)
    if field.decimal_char != ".":
        # A plain point would be a second decimal sign: make it unreadable.
        text = text.str.replace(".", "?", literal=True, n=1)
        text = text.str.replace(field.decimal_char, ".", literal=True)
    bare = text if field.bare_number else text.str.extract(BARE_NUMBER)
    return bare.cast(pl.Float64, strict=False)


def ungrouped(field: Field, text: pl.Expr) -> pl.Expr:
    if not field.group_char:
        return text
    return text.str.replace_all(field.group_char, "", literal=True)


def read_boolean(field: Field, text: pl.Expr) -> pl.Expr:
    true = pl.when(text.is_in(field.true_values)).then(statement=True)
    return true.when(text.is_in(field.false_values)).then(statement=False)


def read_date(field: Field, text: pl.Expr) -> pl.Expr:
    if field.format == "default":
        # The parser takes 2020-1-2 too, which is no ISO date.
        whole = pl.when(text.str.len_bytes() == 10).then(text)
        return whole.str.to_date("%Y-%m-%d", strict=False)
    if field.format == "any":
        return pl.coalesce(text.str.to_date(f, strict=False) for f in DATES)
    return text.str.to_date(chrono(field.format), strict=False)


def read_time(field: Field, text: pl.Expr) -> pl.Expr:
    if field.format == "any":
        return pl.coalesce(text.str.to_time(f, strict=False) for f in TIMES)
    pattern = "%H:%M:%S" if field.format == "default" else chrono(field.format)
    return text.str.to_time(pattern, strict=False)


def read_datetime(field: Field, text: pl.Expr) -> pl.Expr:
    if field.format == "any":
        text = text.str.replace(" ", "T", literal=True)
    elif field.format != "default":
        pattern = chrono(field.format)
        return text.str.to_datetime(pattern, strict=False, time_unit="us")
    zoned = "%Y-%m-%dT%H:%M:%S%.f%#z"
    naive = "%Y-%m-%dT%H:%M:%S%.f"
    return pl.coalesce(
        text.str.to_datetime(zoned, strict=False, time_unit="us"),
        text.str.to_datetime(naive, strict=False, time_unit="us").dt.replace_time_zone(
            "UTC"
        ),
    )


def chrono(pattern: str) -> str:
    """Say Python's pattern in the words of Rust, where %f would be nanoseconds."""
    return pattern.replace(".%f", "%.f").replace("%f", "%6f")


def read_year(_field: Field, text: pl.Expr) -> pl.Expr:
    return matching(text, YEAR).cast(pl.Int64, strict=False)


def read_json_text(field: Field, text: pl.Expr) -> pl.Expr:
    kind = list if field.type == "array" else dict

    def valid(cells: pl.Series) -> pl.Series:
        return pl.Series(
            [c if is_json(c, kind) else None for c in cells], dtype=pl.String
        )

    return text.map_batches(valid, return_dtype=pl.String)


def is_json(cell: str | None, kind: type) -> bool:
    try:
        return cell is not None and isinstance(orjson.loads(cell), kind)
    except orjson.JSONDecodeError:
        return False


def read_geopoint(field: Field, text: pl.Expr) -> pl.Expr:
    return matching(text, GEOPOINT) if field.format == "default" else text


def matching(text: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(text.str.contains(pattern)).then(text)


READINGS: Mapping[str, Reading] = {
    "array": read_json_text,
    "boolean": read_boolean,
    "date": read_date,
    "datetime": read_datetime,
    "duration": lambda _, text: matching(text, DURATION),
    "geojson": read_json_text,
    "geopoint": read_geopoint,
    "integer": read_integer,
    "number": read_number,
    "object": read_json_text,
    "time": read_time,
    "year": read_year,
    "yearmonth": lambda _, text: matching(text, YEARMONTH),
}
