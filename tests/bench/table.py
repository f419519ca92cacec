"""The rows of a bench, and the table they make."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

WORDS = {True: "ok", False: "missed", None: ""}


@dataclass(frozen=True)
class Row:
    """One figure, and the most or the least it should be, if that is set."""

    name: str
    measured: float
    unit: str
    most: float | None = None
    least: float | None = None

    @classmethod
    def of(
        cls,
        name: str,
        measured: float,
        unit: str,
        *,
        most: float | None = None,
        least: float | None = None,
    ) -> Self:
        return cls(name, measured, unit, most, least)

    @classmethod
    def ratio(
        cls,
        name: str,
        measured: float,
        *,
        most: float | None = None,
        least: float | None = None,
    ) -> Self:
        return cls(name, measured, "x", most, least)

    @property
    def ok(self) -> bool | None:
        """Tell whether the target is met; None without one."""
        if self.most is None and self.least is None:
            return None
        not_over = self.most is None or self.measured <= self.most
        return not_over and (self.least is None or self.measured >= self.least)

    @property
    def target(self) -> str:
        bounds = (("<=", self.most), (">=", self.least))
        return ", ".join(f"{sign} {_figure(b, self.unit)}" for sign, b in bounds if b)


def as_table(rows: Iterable[Row]) -> str:
    head = ("name", "measured", "target", "")
    cells = [head, *map(as_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def as_cells(row: Row) -> tuple[str, str, str, str]:
    return row.name, _measured(row), row.target, WORDS[row.ok]


def as_json(rows: Iterable[Row]) -> str:
    return json.dumps([{**asdict(row), "ok": row.ok} for row in rows], indent=2)


def _measured(row: Row) -> str:
    return _figure(float(f"{row.measured:.3g}"), row.unit)


def _figure(value: float, unit: str) -> str:
    return f"{value:,g} {unit}".rstrip()
