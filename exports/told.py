"""What is to be told about an export's cells that are not as they were."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from exports.tables import Writer
from exports.tables.transform import BoundTransform

MOST_TOLD = 20  # cells that are named in a receipt; all are counted


Told = dict[str, Any]

NO_REMARKS: Told = {"remarked": 0, "remarks": []}
NO_MISFITS: Told = {"misfitted": 0, "misfits": []}


def notes_of(told: Told) -> list[str]:
    """Say it in sentences, with the first cell of each kind."""
    notes = []
    if told["remarked"]:
        first = told["remarks"][0]
        notes.append(
            f"{told['remarked']} cells could not be written as they were, the first in "
            f"row {first['row']}, column {first['column']!r}: {first['message']}"
        )
    if told["misfitted"]:
        cell = told["misfits"][0]
        notes.append(
            f"{told['misfitted']} cells are not of their column's type and became "
            f"null, the first in row {cell['row']}, column {cell['column']!r}"
        )
    return notes


def told_together(parts: Sequence[Told]) -> Told:
    """Put together what is told of the parts of one file, in their order."""
    return {
        "remarked": sum(part["remarked"] for part in parts),
        "remarks": [one for part in parts for one in part["remarks"]][:MOST_TOLD],
        "misfitted": sum(part["misfitted"] for part in parts),
        "misfits": [one for part in parts for one in part["misfits"]][:MOST_TOLD],
    }


def receipt_of(writer: Writer, bound: BoundTransform) -> Told:
    return told_together([remarks_of(writer), misfits_of(bound)])


def remarks_of(writer: Writer) -> Told:
    remarks = [asdict(one) for one in writer.remarks[:MOST_TOLD]]
    return {"remarked": writer.remarked, "remarks": remarks, **NO_MISFITS}


def misfits_of(bound: BoundTransform) -> Told:
    misfits = [asdict(one) for one in bound.misfits[:MOST_TOLD]]
    return {**NO_REMARKS, "misfitted": bound.failed, "misfits": misfits}
