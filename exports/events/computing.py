"""A page found by reading the log's tables: any filter, any choice of keys."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import polars as pl

from exports.events.assembling import MOST_EVENTS, assemble
from exports.events.bounds import Place
from exports.events.files import Files
from exports.events.gzipped import GzipWriter, Piece, deflated
from exports.events.json_rows import json_bytes
from exports.events.log import Ask, Key, Log, Page, Source
from exports.events.names import AT, SEQ
from exports.events.scan import Scan
from exports.events.steps import Work, in_steps
from exports.events.stream import BEGIN, END, SEPARATOR
from exports.tables.writer import Sink

PART_ROWS = 10_000  # a part's JSON stays in the processor's cache
THREADS = 2


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
    page = found.head(rows)
    sizes = write_events(page, out)
    first, last = (key_at(page, 0), key_at(page, -1)) if rows else (None, None)
    return Page(rows, first, last, found.height > rows, *sizes)


def first_events(scan: Scan, most: int) -> Generator[int, None, pl.DataFrame]:
    """Find the first events in order; read no further than they may be."""
    found = pl.DataFrame(schema={AT: pl.Int64(), SEQ: pl.Int64()})
    done = 0
    for window in scan.windows(most):
        last = place_at(found, -1) if found.height == most else None
        if last and scan.is_past(window, last):
            break
        found = scan.first([found, *scan.read(window, last)], most)
        done += sum(chunk.rows for chunk in window)
        yield done
    return found


def place_at(events: pl.DataFrame, row: int) -> Place:
    return events.item(row, AT), events.item(row, SEQ)


def key_at(events: pl.DataFrame, row: int) -> Key:
    return Key(*place_at(events, row))


def write_events(events: pl.DataFrame, out: Sink) -> tuple[int, int]:
    """Write events as gzipped JSON; return the bytes of both."""
    writer = GzipWriter(out)
    writer.put(*BEGIN)
    parts = events.iter_slices(PART_ROWS)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="page") as threads:
        for n, made in enumerate(threads.map(deflated_part, parts)):
            if n:
                writer.put(*SEPARATOR)
            writer.put(*made)
    writer.put(*END)
    writer.close()
    return writer.sum.size, writer.sum.plain_size


def deflated_part(events: pl.DataFrame) -> tuple[bytes, Piece]:
    return deflated(json_bytes(events))
