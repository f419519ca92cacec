"""What a writer could not put down quite as it was, for the receipt."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

KEPT = 100  # in all, so that a receipt stays small
KEPT_OF_A_KIND = 10  # so that one column does not hide the others


@dataclass(frozen=True, slots=True)
class Remark:
    row: int  # of the data, counted from 1; the header is 0
    column: str
    message: str


@dataclass(slots=True)
class Remarks:
    """Keeps the first remarks of each kind and counts them all."""

    first: list[Remark] = field(default_factory=list)
    count: int = 0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, rows: Sequence[int], column: str, message: str) -> None:
        kind = column, message
        room = min(KEPT_OF_A_KIND - self.kinds[kind], KEPT - len(self.first))
        self.first += [Remark(row, column, message) for row in rows[: max(room, 0)]]
        self.kinds[kind] += len(rows)
        self.count += len(rows)
