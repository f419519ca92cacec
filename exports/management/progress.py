"""How far a long command is: one line on a terminal that is redrawn, or lines."""

from collections.abc import Callable
from time import monotonic
from typing import TextIO

from tasks.management.bars import bar

REDRAWN_EVERY_S = 0.1
LINE_EVERY_S = 5.0
SIZES = ("bytes", "kB", "MB", "GB", "TB")


class Progress:
    def __init__(self, out: TextIO, *, now: Callable[[], float] = monotonic) -> None:
        self._out = out
        self._live = out.isatty()
        self._now = now
        self._began = self._shown = now()
        self._drawn = False

    def show(self, *, rows: int, size_bytes: int, percent: int | None = None) -> None:
        """Say how far it is, if it is time to."""
        at = self._now()
        if at - self._shown < (REDRAWN_EVERY_S if self._live else LINE_EVERY_S):
            return
        self._shown = at
        text = self._text(rows, size_bytes, at)
        if percent is not None:
            drawn = f"{bar(percent)} " if self._live else ""
            text = f"{drawn}{percent:3} %  {text}"
        if self._live:
            self._draw(f"  {text}")
        else:
            self._out.write(f"{text}\n")
            self._out.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._draw("")

    def summary(self, *, rows: int, size_bytes: int) -> str:
        at = self._now()
        return f"{self._text(rows, size_bytes, at)}, {at - self._began:.1f} s"

    def _text(self, rows: int, size_bytes: int, at: float) -> str:
        pace = rows / max(at - self._began, 0.001)
        return f"{rows:,} rows, {pace:,.0f} rows/s, {size_shown(size_bytes)}"

    def _draw(self, text: str) -> None:
        self._out.write(f"\r\x1b[2K{text}")
        self._out.flush()
        self._drawn = True


def size_shown(size_bytes: int) -> str:
    size, unit = float(size_bytes), 0
    while size >= 1000 and unit + 1 < len(SIZES):
        size, unit = size / 1000, unit + 1
    return f"{size:,.1f} {SIZES[unit]}" if unit else f"{size_bytes} bytes"
