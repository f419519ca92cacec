"""A page found by reading the log's tables: any filter, any choice of keys."""

from collections.abc import Generator
from contextlib import closing

import polars as pl

from exports.events.assemble import MOST_EVENTS, assemble
from exports.events.files import Files
from exports.events.gzipped import GzipWriter
from exports.events.json_rows import BETWEEN, json_bytes
from exports.events.log import Ask, Key, Log, Page, Source
from exports.events.names import AT, SEQ
from exports.events.scan import Scan
from exports.events.steps import Work, in_steps
from exports.tables.writer import Sink

PART_ROWS = 10_000  # a part's JSON stays in the processor's cache


@in_steps
def page_to(log: Log, ask: Ask, source: Source, out: Sink) -> Work[Page]:
    """Write a page, from blocks where they serve."""
    assembled = assemble(log, ask, source, most_made=None)
    if assembled is None:
        return (yield from computed(log, ask, source, out))
    for part in assembled.parts():
        out.write(part)
    yield assembled.page.rows
    return assembled.page


@in_steps
def compute(log: Log, ask: Ask, source: Source, out: Sink) -> Work[Page]:
    """Write a page as one gzip stream. Raises BadRule for rules with too many tests."""
    return (yield from computed(log, ask, source, out))


def computed(log: Log, ask: Ask, source: Source, out: Sink) -> Work[Page]:
    with closing(Files(source)) as files:
        scan = Scan(log, ask, files)
        found = yield from first_events(scan, (ask.limit or MOST_EVENTS) + 1)
    rows = min(found.height, ask.limit or MOST_EVENTS)
    places = [Key(*place) for place in found.select(AT, SEQ).head(rows).iter_rows()]
    return Page(
        rows,
        places[0] if places else None,
        places[-1] if places else None,
        found.height > rows,
        *write_events(found.head(rows), out),
    )


def first_events(scan: Scan, most: int) -> Generator[int, None, pl.DataFrame]:
    """Find the first events in order; read no further than they may be."""
    found = pl.DataFrame(schema={AT: pl.Int64(), SEQ: pl.Int64()})
    done = 0
    for window in scan.windows(most):
        last = last_place(found) if found.height == most else None
        if last and scan.is_past(window, last):
            break
        found = scan.first([found, *scan.read(window, last)], most)
        done += sum(chunk.rows for chunk in window)
        yield done
    return found


def last_place(found: pl.DataFrame) -> tuple[int, int]:
    return found.item(-1, AT), found.item(-1, SEQ)


def write_events(events: pl.DataFrame, out: Sink) -> tuple[int, int]:
    """Write events as gzipped JSON; return the bytes of both."""
    writer = GzipWriter(out)
    try:
        before = b"["
        for part in events.iter_slices(PART_ROWS):
            writer.write(b"".join([before, json_bytes(part)]))
            before = BETWEEN
        writer.write(b"]" if events.height else b"[]")
        writer.close()
    finally:
        writer.abandon()
    return writer.sum.size, writer.sum.plain_size
