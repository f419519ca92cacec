"""Typed columns as the text that files hold: ISO 8601, and JSON for what is nested."""

from collections.abc import Mapping

import polars as pl

NESTED = (pl.Struct, pl.List, pl.Array)
ODD = (pl.Datetime, pl.Time, pl.Duration, pl.Binary)  # no writer knows them as we do

Types = Mapping[str, pl.DataType]


def as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return the column as strings, as CSV and columns of mixed types show it."""
    column = pl.col(name)
    if isinstance(dtype, NESTED):
        return json_text(column, name)
    if isinstance(dtype, pl.Datetime):
        return iso_text(column, dtype)
    if isinstance(dtype, (pl.Time, pl.Duration)):
        return column.dt.to_string("iso")
    if isinstance(dtype, pl.Binary):
        return column.bin.encode("base64")
    return column.cast(pl.String)


def iso_text(column: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    if dtype.time_zone is None:
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
    return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").str.replace(r"\+00:00$", "Z")


def json_text(column: pl.Expr, name: str) -> pl.Expr:
    """Encode each value by itself; only a struct can be encoded, so wrap and unwrap."""
    wrapped = pl.struct(column.alias("v")).struct.json_encode()
    text = wrapped.str.slice(5).str.head(-1)  # {"v":…}
    return pl.when(column.is_not_null()).then(text).alias(name)


def csv_ready(schema: Types) -> list[pl.Expr]:
    """Return all columns as write_csv takes them; a column alone goes as text."""
    kinds = (*ODD, *NESTED) if len(schema) > 1 else (pl.DataType,)
    return [
        as_text(n, t) if isinstance(t, kinds) else pl.col(n) for n, t in schema.items()
    ]


def json_ready(schema: Types) -> list[pl.Expr]:
    """Return all columns as write_json takes them: decimals are numbers there."""
    return [json_column(name, dtype) for name, dtype in schema.items()]


def json_column(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, ODD):
        return as_text(name, dtype)
    return pl.col(name).cast(pl.Float64) if dtype.is_decimal() else pl.col(name)
