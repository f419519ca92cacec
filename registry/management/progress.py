"""A revision's progress on a terminal, a bar for each pipeline; elsewhere, lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from tasks.management.bars import bar

MARKS = {"QUEUED": "·", "INPROGRESS": "▸", "SUCCEEDED": "✓", "FAILED": "✗"}


@dataclass(frozen=True)
class Line:
    """One pipeline: `state` in the contract's words, `percent` if it is known."""

    id: str
    title: str
    state: str
    percent: int | None = None
    note: str = ""


class Progress:
    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.live = out.isatty()
        self._height = 0
        self._seen: dict[str, str] = {}

    def show(self, lines: Iterable[Line]) -> None:
        if self.live:
            self._redraw([self._bar(line) for line in lines])
        else:
            self._append(line for line in lines if self._is_news(line))
        self.out.flush()

    def _redraw(self, texts: list[str]) -> None:
        up = f"\x1b[{self._height}A" if self._height else ""
        self.out.write(up + "".join(f"\x1b[2K{text}\n" for text in texts))
        self._height = len(texts)

    def _append(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.out.write(f"  {self._text(line)}\n")

    def _is_news(self, line: Line) -> bool:
        ended = line.state in {"SUCCEEDED", "FAILED"}
        news = ended and self._seen.get(line.id) != line.state
        self._seen[line.id] = line.state
        return news

    def _bar(self, line: Line) -> str:
        share = 100 if line.state == "SUCCEEDED" else line.percent or 0
        return f"  {bar(share)} {self._text(line)}"

    def _text(self, line: Line) -> str:
        short = line.id.split("/", 2)[-1]
        text = f"{MARKS[line.state]} {line.title:<28} {short}"
        return f"{text}  {line.note}" if line.note else text
