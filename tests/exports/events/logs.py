"""Logs in a folder, and what a page of them has to be, worked out slowly."""

import gzip
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from exports.events import (
    Ask,
    Key,
    Log,
    Page,
    SegmentRef,
    Sort,
    TailBatch,
    assemble,
    build_view,
    compact,
    compute,
    known_ids,
    pack,
    text_us,
    us_text,
    write_rows,
    write_segment,
)
from exports.events.values import Event, event_frame
from exports.tables.rules import matches
from tasks.archive.store import LocalStore

TIME_KEY = "observation time"


@dataclass(frozen=True)
class Kept:
    """An event as it is in a log, and where."""

    time: int
    stamp: int
    seq: int
    event: Event

    def key(self, sort: Sort) -> Key:
        return Key(self.time if sort is Sort.TIME else self.stamp, self.seq)


@dataclass
class Stream:
    """A log that grows, and beside it a plain list of what is in it."""

    store: LocalStore
    segments: list[SegmentRef] = field(default_factory=list)
    tail: list[TailBatch] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    inserted_us: int = 1_700_000_000_000_000
    name: str = "o/d#table"

    @property
    def head(self) -> int:
        return len(self.kept)

    def log(self) -> Log:
        return Log(tuple(self.segments), tuple(self.tail), self.head)

    def append(self, events: list[Event]) -> None:
        """Append a small batch to the tail."""
        frame = self.keep(events)
        payload = pack(frame, time_key=TIME_KEY)
        first = self.head - len(events) + 1
        self.tail.append(TailBatch(first, len(events), self.inserted_us, payload))

    def publish(self, events: list[Event]) -> None:
        """Append a large batch as a segment of its own; nothing may be in the tail."""
        frame = self.keep(events)
        with self.store.writer(fence="test") as out:
            written = write_segment([frame], out, time_key=TIME_KEY).finish()
            digest = out.commit().digest
        ref = written.placed(
            digest=digest,
            first_seq=self.head - len(events) + 1,
            inserted_us=self.inserted_us,
        )
        self.segments.append(ref)

    def revise(self, frames: Iterable[pl.DataFrame]) -> int:
        """Publish the rows of a table that are new; return how many there are."""
        known = known_ids(self.log(), self.store)
        with self.store.writer(fence="test") as out:
            work = write_rows(
                frames, out, stream=self.name, known=known, time_key=TIME_KEY
            )
            written = work.finish()
            if written.rows:
                digest = out.commit().digest
        self.inserted_us += 1_000
        if written.rows:
            first = self.segments[-1].last_seq + 1 if self.segments else 1
            self.segments.append(
                written.placed(
                    digest=digest, first_seq=first, inserted_us=self.inserted_us
                )
            )
        return written.rows

    def uuids(self) -> pl.Series:
        files = [self.store.path(ref.data) for ref in self.segments]
        return pl.concat(pl.read_parquet(file) for file in files if file)["uuid"]

    def keep(self, events: list[Event]) -> pl.DataFrame:
        frame = event_frame([dict(event) for event in events], 1, set())
        self.inserted_us += 1_000
        for event, uuid in zip(events, frame.get_column("uuid"), strict=True):
            given = event.get(TIME_KEY)
            time = (
                text_us(given if isinstance(given, str) else given[0])
                if given
                else None
            )
            shown = event | {"uuid": uuid, "insertion time": us_text(self.inserted_us)}
            at = self.inserted_us if time is None else time
            self.kept.append(Kept(at, self.inserted_us, self.head + 1, shown))
        return frame

    def compact(self, first: int = 0) -> None:
        """Make one segment of the tail and of the segments from one on."""
        parts, rest = self.segments[first:], self.segments[:first]
        if not parts and not self.tail:
            return
        with self.store.writer(fence="test") as out:
            made = compact(parts, self.tail, self.store, out).finish()
            self.segments = [*rest, made.ref(out.commit().digest)]
        self.tail = []

    def build_views(self) -> None:
        self.segments = [self.with_views(ref) for ref in self.segments]

    def with_views(self, ref: SegmentRef) -> SegmentRef:
        for sort in Sort:
            if sort not in ref.views:
                with self.store.writer(fence="test") as out:
                    built = build_view(ref, sort, self.store, out).finish()
                    digest = out.commit().digest
                ref = replace(ref, views=ref.views | dict.fromkeys(built.sorts, digest))
        return ref

    def expected(self, ask: Ask) -> tuple[list[Event], list[Key], bool]:
        """Return the events of a page, their keys, and whether there are more."""
        found = [one for one in self.kept if meant(one, ask)]
        if ask.max_seq is not None:
            found = [one for one in found if one.seq <= ask.max_seq]
        found.sort(key=lambda one: one.key(ask.sort), reverse=ask.reverse)
        limit = ask.limit or len(found)
        events = [shown(one.event, ask) for one in found[:limit]]
        keys = [one.key(ask.sort) for one in found[:limit]]
        return events, keys, len(found) > limit


def meant(one: Kept, ask: Ask) -> bool:
    key = one.key(ask.sort)
    past = ask.after is None or (key != ask.after and (key < ask.after) == ask.reverse)
    late = ask.start is None or key.at >= ask.start
    early = ask.end is None or key.at < ask.end
    chosen = all(matches(rule, one.event) for rule in ask.rules)
    return past and late and early and chosen and one.seq > ask.min_seq


def shown(event: Event, ask: Ask) -> Event:
    return {k: v for k, v in event.items() if ask.keys is None or k in ask.keys}


def computed(stream: Stream, ask: Ask) -> tuple[Page, bytes]:
    out = io.BytesIO()
    page = compute(stream.log(), ask, stream.store, out).finish()
    assert page.size == len(out.getvalue())
    return page, unzipped(out.getvalue(), page)


def assembled(
    stream: Stream, ask: Ask, most_made: int | None = None
) -> tuple[Page, bytes] | None:
    found = assemble(stream.log(), ask, stream.store, most_made=most_made)
    if found is None:
        return None
    data = b"".join(found.parts())
    assert found.page.size == len(data)
    plain = unzipped(data, found.page)
    assert b"".join(found.plain()) == plain
    return found.page, plain


def unzipped(data: bytes, page: Page) -> bytes:
    plain = gzip.decompress(data)
    assert page.plain_size == len(plain)
    return plain


def a_stream(folder: Path) -> Stream:
    return Stream(LocalStore(folder))


def events_of(plain: bytes) -> list[Event]:
    found: list[Event] = json.loads(plain)
    return found
