"""Types on their way into Parquet files and out of them."""

from typing import Any

import polars as pl
import pyarrow as pa

from exports.tables.as_text import instance, text_of
from exports.tables.errors import WrongType

AS_STRINGS = (pl.Categorical, pl.Enum, pl.Null)  # the last, as few tools read its type
BIG = (pl.Int128, pl.UInt128)


def to_parquet(dtype: pl.DataType) -> pl.DataType:
    """Return the type that stands for this one in a file."""
    if isinstance(dtype, AS_STRINGS) or dtype == pl.Struct([]):
        return pl.String()
    if isinstance(dtype, BIG):
        return pl.Decimal(38, 0)
    if isinstance(dtype, pl.List):
        return pl.List(to_parquet(instance(dtype.inner)))
    if isinstance(dtype, pl.Array):
        return pl.Array(to_parquet(instance(dtype.inner)), dtype.size)
    if isinstance(dtype, pl.Struct):
        fields = {f.name: to_parquet(instance(f.dtype)) for f in dtype.fields}
        return pl.Struct(fields)
    return dtype


def retyped(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return the column in another type. Raises WrongType if that loses anything."""
    if column.dtype == dtype:
        return column
    if dtype == pl.String:
        text = text_of(pl.nth(0), column.dtype)
        return column.to_frame().select(text.alias(column.name)).to_series()
    try:
        made = column.cast(dtype)
        kept = made.cast(column.dtype).equals(column)
    except pl.exceptions.PolarsError:
        kept = False
    if not kept:
        raise WrongType(
            f"Column {column.name!r} has values of type {column.dtype}, which do not"
            f" all fit into its type in the file, {dtype}.",
            column=column.name,
        )
    return made


def from_parquet(dtype: pa.DataType) -> pa.DataType:
    """Return the type in which Polars, and all that comes after, reads this one."""
    if isinstance(dtype, pa.BaseExtensionType):
        return from_parquet(dtype.storage_type)
    if pa.types.is_dictionary(dtype):
        return from_parquet(dtype.value_type)
    if pa.types.is_decimal256(dtype):
        return pa.string()
    return nested_from_parquet(dtype) if pa.types.is_nested(dtype) else dtype


def nested_from_parquet(dtype: Any) -> pa.DataType:
    if pa.types.is_map(dtype):
        pair = [("key", dtype.key_type), ("value", dtype.item_type)]
        return pa.list_(from_parquet(pa.struct(pair)))
    if pa.types.is_struct(dtype):
        fields = [dtype.field(n) for n in range(dtype.num_fields)]
        return pa.struct([(f.name, from_parquet(f.type)) for f in fields])
    inner: pa.DataType = from_parquet(dtype.value_type)
    if pa.types.is_large_list(dtype):
        return pa.large_list(inner)
    fixed = pa.types.is_fixed_size_list(dtype)
    return pa.list_(inner, dtype.list_size if fixed else -1)
