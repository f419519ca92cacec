"""Pages whose columns do not agree become one table, and what changed is told."""

import polars as pl

from exports.tables.drift import Drift, SchemaMerge
from exports.tables.spool import conformed


def merged(*pages: pl.DataFrame) -> tuple[SchemaMerge, pl.DataFrame]:
    merge = SchemaMerge()
    for number, page in enumerate(pages, 1):
        merge.add(number, page)
    return merge, pl.concat([conformed(page, merge.schema) for page in pages])


def test_columns_are_in_the_order_of_their_first_appearance() -> None:
    merge, table = merged(
        pl.DataFrame({"b": [1], "a": ["x"]}), pl.DataFrame({"c": [True], "a": ["y"]})
    )

    assert table.columns == ["b", "a", "c"]
    assert table.rows() == [(1, "x", None), (None, "y", True)]
    assert merge.drifts == [Drift(2, "c", "appeared"), Drift(2, "b", "vanished")]


def test_a_column_is_named_once_for_what_comes_and_goes() -> None:
    with_b, without = pl.DataFrame({"a": [1], "b": [1]}), pl.DataFrame({"a": [1]})

    merge, _ = merged(without, with_b, without, with_b, without)

    assert [str(drift) for drift in merge.drifts] == [
        "Page 2: column 'b' appeared.",
        "Page 3: column 'b' vanished.",
    ]


def test_types_that_disagree_become_text_without_loss() -> None:
    merge, table = merged(
        pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [1.5]}), pl.DataFrame({"a": ["t"]})
    )

    assert table["a"].to_list() == ["1", "1.5", "t"]
    assert [str(drift) for drift in merge.drifts] == [
        "Page 2: column 'a' holds number values where it held integer values.",
        "Page 3: column 'a' holds string values where it held number values.",
    ]


def test_integers_among_fractions_are_numbers_as_long_as_they_fit() -> None:
    _, table = merged(pl.DataFrame({"a": [2**53]}), pl.DataFrame({"a": [0.5]}))

    assert table["a"].to_list() == [2.0**53, 0.5]


def test_integers_that_no_float_holds_stay_what_they_are() -> None:
    long = pl.DataFrame({"a": [2**53 + 1]})
    fraction = pl.DataFrame({"a": [0.5]})

    assert merged(long, fraction)[1]["a"].to_list() == ["9007199254740993", "0.5"]
    assert merged(fraction, long)[1]["a"].to_list() == ["0.5", "9007199254740993"]
    assert merged(long, long)[1]["a"].to_list() == [2**53 + 1] * 2
    assert merged(long, long)[1]["a"].dtype == pl.Int64


def test_decimals_among_integers_keep_their_places() -> None:
    decimals = pl.DataFrame({"a": pl.Series(["1.25"]).cast(pl.Decimal(10, 2))})

    _, table = merged(decimals, pl.DataFrame({"a": [3]}))

    assert table["a"].to_list() == ["1.25", "3"]


def test_a_page_of_nulls_and_an_empty_page_say_nothing() -> None:
    merge, table = merged(
        pl.DataFrame({"a": [None]}),
        pl.DataFrame(),
        pl.DataFrame({"a": [1]}),
        pl.DataFrame({"a": [None]}),
    )

    assert table["a"].to_list() == [None, 1, None]
    assert merge.drifts == []


def test_the_report_ends_somewhere() -> None:
    merge = SchemaMerge()
    merge.add(1, pl.DataFrame({"a": [1]}))

    merge.add(2, pl.DataFrame({f"c{n}": [1] for n in range(150)}))

    assert len(merge.drifts) == 100
    assert merge.unreported == 51


def test_five_thousand_columns_meet_five_thousand_others() -> None:
    one = pl.DataFrame({f"c{n}": [n] for n in range(5000)})
    other = pl.DataFrame({f"c{n}": [str(n)] for n in range(2500, 7500)})

    merge, table = merged(one, other)

    assert table.shape == (2, 7500)
    assert table["c2500"].to_list() == ["2500", "2500"]
    assert merge.unreported == 7500 - 100
