"""Text as a workbook's XML holds it."""

from collections.abc import Sequence

import polars as pl

MAX_UNITS = 32_767  # of UTF-16 in one cell, as Excel counts characters
MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# What XML cannot hold, or would change, is written _xHHHH_ (ECMA-376, 22.9.2.19).
# In a text that has such an escape, or looks as if it had, each _x is escaped too, as
# an escape may end where what only looks like one begins.
ODD = [*range(0x09), *range(0x0B, 0x20), 0xFFFE, 0xFFFF]
ESCAPES = MARKUP | {"_x": "_x005F_x"} | {chr(c): f"_x{c:04X}_" for c in ODD}
IS_MARKUP = "[&<>]"
IS_ODD = r"[\x00-\x08\x0b-\x1f\x{FFFE}\x{FFFF}]|_x[0-9A-Fa-f]{4}_"
ASTRAL = r"[\x{10000}-\x{10FFFF}]"  # two units each


def has_markup(text: pl.Expr) -> pl.Expr:
    return text.str.contains(IS_MARKUP)


def is_odd(text: pl.Expr) -> pl.Expr:
    return text.str.contains(IS_ODD)


def without_markup(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(MARKUP)


def escaped(text: pl.Expr) -> pl.Expr:
    odd = text.str.replace_many(ESCAPES)
    return pl.when(is_odd(text)).then(odd).otherwise(without_markup(text))


def escape_all(texts: Sequence[str]) -> list[str]:
    column = pl.Series("", texts, dtype=pl.String).to_frame()
    return column.select(escaped(pl.nth(0))).to_series().to_list()


def is_long(text: pl.Expr) -> pl.Expr:
    """Tell which texts a cell cannot hold; their bytes are never fewer than units."""
    units = text.str.len_chars() + text.str.count_matches(ASTRAL)
    return (text.str.len_bytes() > MAX_UNITS) & (units > MAX_UNITS)


def cut(text: str, units: int = MAX_UNITS) -> str:
    """Return as much of a text as fits, never half a character."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
