"""What is to be told about an export's cells that are not as they were."""

from dataclasses import asdict
from typing import Any

from exports.tables import Writer
from exports.tables.transform import BoundTransform

MOST_TOLD = 20  # cells that are named in a receipt; all are counted


def notes_of(writer: Writer, bound: BoundTransform) -> list[str]:
    """Say it in sentences, with the first cell of each kind."""
    notes = []
    if writer.remarked:
        first = writer.remarks[0]
        notes.append(
            f"{writer.remarked} cells could not be written as they were, the first in "
            f"row {first.row}, column {first.column!r}: {first.message}"
        )
    if bound.failed:
        cell = bound.misfits[0]
        notes.append(
            f"{bound.failed} cells are not of their column's type and became null, "
            f"the first in row {cell.row}, column {cell.column!r}"
        )
    return notes


def receipt_of(writer: Writer, bound: BoundTransform) -> dict[str, Any]:
    return {
        "remarked": writer.remarked,
        "remarks": [asdict(one) for one in writer.remarks[:MOST_TOLD]],
        "misfitted": bound.failed,
        "misfits": [asdict(one) for one in bound.misfits[:MOST_TOLD]],
    }
