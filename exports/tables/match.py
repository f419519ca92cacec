"""Rows of two tables that are equal, or have equal keys, each matched once."""

import polars as pl

# Columns beside the cells, which have numbers for names: c0, b0, a0, …
ROW, NTH, PLACE, CHANGE = "row", "nth", "place", "change"


def unequal(
    before: pl.DataFrame, after: pl.DataFrame, cells: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take away from both what is equal in both, as often as it is in both."""
    on = [*cells, NTH]
    before, after = numbered(before, cells), numbered(after, cells)
    return (
        before.join(after, on=on, how="anti", nulls_equal=True),
        after.join(before, on=on, how="anti", nulls_equal=True),
    )


def paired(removed: pl.DataFrame, added: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Match rows by key: the `row` of one, with the row of the other as its `place`."""
    if not key:
        return pl.DataFrame(schema={ROW: pl.Int64, PLACE: pl.Int64})
    columns = [*key, NTH]
    old = numbered(removed, key).select(*columns, ROW)
    new = numbered(added, key).select(*columns, pl.col(ROW).alias(PLACE))
    return old.join(new, on=columns, nulls_equal=True).select(ROW, PLACE)


def turned(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select(pl.col(PLACE).alias(ROW), pl.col(ROW).alias(PLACE))


def marked(
    rows: pl.DataFrame, pairs: pl.DataFrame, words: tuple[str, str]
) -> pl.DataFrame:
    """Say of each row whether it is alone (the first word) or one of a pair."""
    alone, matched = words
    found = rows.join(pairs, on=ROW, how="left")
    word = pl.when(pl.col(PLACE).is_null()).then(pl.lit(alone))
    return found.with_columns(word.otherwise(pl.lit(matched)).alias(CHANGE))


def numbered(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Count equal rows: 0 for the first, 1 for the next, in their order."""
    if not rows.height or not rows.select(pl.struct(by).is_duplicated().any()).item():
        return rows.with_columns(pl.lit(0, dtype=pl.Int64).alias(NTH))
    nth = pl.int_range(pl.len(), dtype=pl.Int64).over(by)
    return rows.with_columns(nth.alias(NTH))
