"""A preview is the first rows, ready for JSON."""

import io
import json
from datetime import date

import polars as pl

from exports.tables import open_table, preview


def test_it_has_fields_with_types_and_the_first_rows() -> None:
    frame = pl.DataFrame(
        {
            "s": ["x", "y"],
            "n": [float("nan"), 1.5],
            "i": [1, None],
            "b": [True, False],
            "d": [date(2020, 1, 2), None],
            "l": [[1], []],
        }
    )

    made = preview(dict(frame.schema), iter([frame, frame]), rows=3)

    assert [field["type"] for field in made["fields"]] == [
        "string",
        "number",
        "integer",
        "boolean",
        "date",
        "array",
    ]
    assert made["rows"] == [
        ["x", None, 1, True, "2020-01-02", [1]],
        ["y", 1.5, None, False, None, []],
        ["x", None, 1, True, "2020-01-02", [1]],
    ]
    json.dumps(made, allow_nan=False)


def test_it_reads_no_more_frames_than_it_needs() -> None:
    frames = iter([pl.DataFrame({"a": [1, 2]})] * 3)

    preview({"a": pl.Int64()}, frames, rows=2)

    assert len(list(frames)) == 2


def test_a_table_without_rows_has_its_fields() -> None:
    with open_table(io.BytesIO(b"a,b\n"), name="x.csv") as table:
        made = preview(table.schema, table.frames)

    assert made == {
        "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "string"}],
        "rows": [],
    }
