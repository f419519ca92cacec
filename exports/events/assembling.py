"""A page put together from blocks of views, and little that is made for it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from exports.events.bounds import Bounds, Place, bounds_of, turned
from exports.events.gzipped import inflate
from exports.events.log import Ask, Key, Log, Page, SegmentRef, Source
from exports.events.merge import Head, Row, Standing, merged
from exports.events.stream import Part, Pieces, Range, Run
from exports.events.tail import tail_heads
from exports.events.view import View, index_of

MOST_EVENTS = 100_000
MOST_MADE = 20_000  # events; more is work for a job


@dataclass(frozen=True, slots=True)
class Assembled:
    """A page whose blocks are read from their files when it is sent."""

    page: Page
    source: Source
    pieces: list[bytes | Range]

    def parts(self) -> Iterator[bytes]:
        """Yield the page as one gzip stream."""
        for piece in self.pieces:
            if isinstance(piece, Range):
                yield from piece.read(self.source)
            else:
                yield piece

    def plain(self) -> Iterator[bytes]:
        """Yield the page as JSON."""
        return inflate(self.parts())


def assemble(
    log: Log, ask: Ask, source: Source, *, most_made: int | None = MOST_MADE
) -> Assembled | None:
    """Return a page, or None where blocks do not serve.

    They do not for a filter or a choice of keys, while a view that is needed is not
    built, or where more than so many events would have to be made ready one by one.
    """
    if ask.is_sifted or ask.keys is not None:
        return None
    bounds = bounds_of(log, ask)
    refs = [ref for ref in log.segments if not misses(bounds, ask, ref)]
    if any(ask.sort not in ref.views for ref in refs):
        return None
    with ExitStack() as files:
        pieces = [
            open_view(ref, ask, source, files).heads(bounds, reverse=ask.reverse)
            for ref in refs
        ]
        pieces.append(tail_heads(log.tail, ask.sort, bounds, reverse=ask.reverse))
        choice = Choice(ask.limit or MOST_EVENTS, most_made, reverse=ask.reverse)
        if not choice.take(merged(pieces)):
            return None
    return choice.assembled(source)


def misses(bounds: Bounds, ask: Ask, ref: SegmentRef) -> bool:
    low, high = ref.ends(ask.sort)
    return bounds.miss(low, high, ref.first_seq, ref.last_seq)


def open_view(ref: SegmentRef, ask: Ask, source: Source, files: ExitStack) -> View:
    digest = ref.views[ask.sort]
    file = files.enter_context(source.open(digest))
    return View(digest, ask.sort, file, index_of(digest, file))


class Choice:
    """The first events of an order, as many as a page has."""

    def __init__(self, limit: int, most_made: int | None, *, reverse: bool) -> None:
        self._limit = limit
        self._most_made = most_made
        self._reverse = reverse
        self._parts: list[Part] = []
        self._rows = 0
        self._made = 0
        self._first: Place | None = None
        self._last: Place | None = None
        self._more = False

    def take(self, heads: Iterator[Head]) -> bool:
        """Take what the page holds; False when too much of it would be made."""
        for head in heads:
            standing = head.block
            if self._rows == self._limit:
                self._more = bool(standing or head.open())
            elif standing and self._rows + head.rows <= self._limit:
                self._stand(head, standing)
            else:
                self._make(head.open())
            if self._more:
                return True
            if self._most_made is not None and self._made > self._most_made:
                return False
        return True

    def _stand(self, head: Head, one: Standing) -> None:
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Run) and last.goes_on(one):
            last.last = one
        else:
            self._parts.append(Run(one, one))
        self._note(head.near, head.far, head.rows)

    def _make(self, rows: list[Row]) -> None:
        room = self._limit - self._rows
        self._more = len(rows) > room
        taken = rows[:room]
        if not taken:
            return
        lines = [line for _, line in taken]
        last = self._parts[-1] if self._parts else None
        if isinstance(last, list):
            last += lines
        else:
            self._parts.append(lines)
        self._made += len(taken)
        self._note(taken[0][0], taken[-1][0], len(taken))

    def _note(self, near: Place, far: Place, rows: int) -> None:
        self._first = self._first or near
        self._last = far
        self._rows += rows

    def assembled(self, source: Source) -> Assembled:
        stream = Pieces()
        stream.page(self._parts)
        page = Page(
            rows=self._rows,
            first=self._key(self._first),
            last=self._key(self._last),
            more=self._more,
            size=stream.sum.size,
            plain_size=stream.sum.plain_size,
        )
        return Assembled(page, source, stream.pieces)

    def _key(self, place: Place | None) -> Key | None:
        if place is None:
            return None
        return Key(*(turned(place) if self._reverse else place))
