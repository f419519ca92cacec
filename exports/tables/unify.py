"""One type for a column whose frames do not agree on it."""

from typing import Any

import polars as pl

EXACT = 2**53  # integers beyond it are not all numbers that a Float64 can hold
MAX_FIELDS = 500  # of one struct; more are keys used as data, and stay text

Types = dict[str, pl.DataType]


class Unlike(Exception):
    """No type but text holds both."""


def long_integers(frame: pl.DataFrame) -> set[str]:
    """Return the columns with integers that a Float64 might not hold exactly."""
    whole = [n for n, column in enumerate(frame) if column.dtype.is_integer()]
    if not whole:
        return set()
    lows = frame.select(pl.nth(*whole).min()).row(0)
    highs = frame.select(pl.nth(*whole).max()).row(0)
    names = frame.columns
    return {
        names[at]
        for at, low, high in zip(whole, lows, highs, strict=True)
        if low is not None and not -EXACT <= low <= high <= EXACT
    }


def common(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    """Return the type that holds both without loss.

    Values that disagree inside lists or structs make the whole column text, as JSON.
    """
    try:
        return joined(one, other)
    except Unlike:
        return pl.String()


def joined(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    if one == other or isinstance(other, pl.Null):
        return one
    if isinstance(one, pl.Null):
        return other
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        return pl.List(joined(inner(one), inner(other)))
    if isinstance(one, pl.Struct) and isinstance(other, pl.Struct):
        return pl.Struct(joined_fields(fields_of(one), fields_of(other)))
    return joined_plain(one, other)


def joined_fields(one: Types, other: Types) -> Types:
    added = {name: joined(one.get(name, pl.Null()), t) for name, t in other.items()}
    return one | added


def joined_plain(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    if one.is_integer() and other.is_integer():
        return pl.Int128()
    if is_float_like(one) and is_float_like(other):
        return pl.Float64()
    if {type(one), type(other)} == {pl.Date, pl.Datetime}:
        return pl.Datetime("us")
    raise Unlike


def is_float_like(dtype: pl.DataType) -> bool:
    """Tell whether a Float64 holds such numbers: not decimals, nor what may be long."""
    return dtype.is_float() or (dtype.is_integer() and dtype != pl.Int128())


def settled(types: Types) -> Types:
    """Give a type to what was never seen, and text to what has too many keys."""
    return {name: settle(dtype) for name, dtype in types.items()}


def settle(dtype: pl.DataType) -> pl.DataType:
    try:
        return settle_inside(dtype)
    except Unlike:
        return pl.String()


def settle_inside(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.Null):
        return pl.String()
    if isinstance(dtype, pl.List):
        return pl.List(settle_inside(inner(dtype)))
    if isinstance(dtype, pl.Struct):
        fields = fields_of(dtype)
        if not 0 < len(fields) <= MAX_FIELDS:
            raise Unlike
        return pl.Struct({name: settle_inside(t) for name, t in fields.items()})
    return dtype


def inner(dtype: pl.List) -> pl.DataType:
    return instance(dtype.inner)


def fields_of(dtype: pl.Struct) -> Types:
    return {field.name: instance(field.dtype) for field in dtype.fields}


def instance(dtype: Any) -> pl.DataType:
    """Return a type as a value; inside nested ones Polars also allows its class."""
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return made
