"""Typed columns as the text that files hold: ISO 8601, and JSON for what is nested."""

import secrets
from collections.abc import Mapping

import polars as pl

NESTED = (pl.Struct, pl.List, pl.Array)
ODD = (pl.Datetime, pl.Time, pl.Duration, pl.Binary)  # no writer knows them as we do
# Stands around digits that are to be a JSON number; no text can be mistaken for it.
MARK = secrets.token_hex(16)

Types = Mapping[str, pl.DataType]


def as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return the column as strings, as CSV and columns of mixed types show it."""
    return text_of(pl.col(name), dtype).alias(name)


def text_of(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, NESTED):
        return json_text(column, dtype)
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


def json_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Encode each value by itself; only a struct can be encoded, so wrap and unwrap."""
    wrapped = pl.struct(json_value(column, dtype).alias("v")).struct.json_encode()
    text = wrapped.str.slice(5).str.head(-1)  # {"v":…}
    for mark in (f'"{MARK}', f'{MARK}"'):
        text = text.str.replace_all(mark, "", literal=True)
    return pl.when(column.is_not_null()).then(text)


def csv_ready(schema: Types) -> list[pl.Expr]:
    """Return all columns as write_csv takes them; a column alone goes as text.

    Columns go by their places, as a name may be a pattern to Polars.
    """
    kinds = (*ODD, *NESTED) if len(schema) > 1 else (pl.DataType,)
    return [
        text_of(pl.nth(n), dtype).alias(name) if isinstance(dtype, kinds) else pl.nth(n)
        for n, (name, dtype) in enumerate(schema.items())
    ]


def json_ready(schema: Types) -> list[pl.Expr]:
    """Return all columns as write_json takes them, decimals marked as numbers."""
    return [
        json_value(pl.nth(n), dtype).alias(name)
        for n, (name, dtype) in enumerate(schema.items())
    ]


def unmarked(json: bytes) -> bytes:
    """Take the marks away, and with them the quotes around numbers."""
    mark = MARK.encode()
    return json.replace(b'"' + mark, b"").replace(mark + b'"', b"")


def json_value(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if is_json(dtype):
        return column
    if dtype.is_decimal():
        return pl.concat_str(pl.lit(MARK), column.cast(pl.String), pl.lit(MARK))
    if isinstance(dtype, pl.Struct):
        return json_struct(column, dtype)
    if isinstance(dtype, pl.Array):
        column = column.arr.to_list()
    if isinstance(dtype, (pl.Array, pl.List)):
        return column.list.eval(json_value(pl.element(), instance(dtype.inner)))
    return text_of(column, dtype)


def json_struct(column: pl.Expr, dtype: pl.Struct) -> pl.Expr:
    numbered = column.struct.rename_fields([str(n) for n in range(len(dtype.fields))])
    values = [
        json_value(numbered.struct.field(str(n)), instance(field.dtype)).alias(
            field.name
        )
        for n, field in enumerate(dtype.fields)
    ]
    return pl.when(column.is_not_null()).then(pl.struct(values))


def is_json(dtype: pl.DataType) -> bool:
    """Tell whether Polars writes values of a type as we do."""
    if isinstance(dtype, pl.Struct):
        return all(is_json(instance(field.dtype)) for field in dtype.fields)
    if isinstance(dtype, (pl.Array, pl.List)):
        return is_json(instance(dtype.inner))
    return not isinstance(dtype, ODD) and not dtype.is_decimal()


def instance(dtype: object) -> pl.DataType:
    """Return a type as a value; inside nested ones Polars also allows its class."""
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype  # type: ignore[assignment]
    return made
