"""Steps that write rows to the store, in parts and then as one file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import orjson

from exports.cluster.plan import Blocks, Plan, Unwanted, store_of, unpacked
from exports.cluster.reading import give_up
from exports.tables import Writer, open_writer
from exports.tables.packed import packed_frame, unpacked_frame
from exports.tables.types import Frames
from exports.tables.write import pasted_format
from exports.told import Told, remarks_of
from tasks.archive.store import Store, Stored

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A file in the store with some of the rows."""

    stored: Stored
    rows: int


@dataclass(frozen=True, slots=True)
class Whole:
    stored: Stored
    rows: int
    told: Told


def written_part(
    blocks: Blocks, number: int, plan: Plan, most: int | None, unwanted: Unwanted
) -> Part:
    """Write at most so many rows: as they are in the file, or else as they are here.

    The same rows always give the same file, like no other job's: what is written once
    more, for want of whoever wrote it, is there once.
    """
    frames = unpacked(blocks) if most is None else heads(unpacked(blocks), most)
    format_ = pasted_format(plan.file_type, plan.options)
    with store_of(plan.kept).writer(fence=plan.fence) as out:
        out.write(orjson.dumps({"fence": plan.fence, "part": number}) + b"\n")
        schema = plan.bound().schema
        writer = open_writer(format_ or "csv", out, schema, plan.options)
        writer.go_on()
        rows = 0
        for frame in frames:
            give_up(unwanted)
            rows += frame.height
            if format_:
                writer.write(frame)
            else:
                block = packed_frame(frame)
                out.write(b"%d\n" % len(block) + block)
        return Part(out.commit(), rows)


def heads(frames: Frames, most: int) -> Frames:
    for frame in frames:
        yield frame.head(most)
        most -= min(frame.height, most)


def whole_file(parts: Sequence[Part], plan: Plan, unwanted: Unwanted) -> Whole:
    """Put the parts together in their order, straight in the store."""
    store = store_of(plan.kept)
    pastes = bool(pasted_format(plan.file_type, plan.options))
    with store.writer(fence=plan.fence) as out:
        schema = plan.bound().schema
        with open_writer(plan.file_type, out, schema, plan.options) as writer:
            for part in parts:
                give_up(unwanted)
                add = paste if pastes else write_frames
                add(writer, store, part, unwanted)
        return Whole(out.commit(), writer.rows, remarks_of(writer))


def paste(writer: Writer, store: Store, part: Part, unwanted: Unwanted) -> None:
    rows = part.rows
    for piece in pieces_of(store, part):
        give_up(unwanted)
        writer.paste(piece, rows=rows)
        rows = 0


def pieces_of(store: Store, part: Part) -> Iterator[bytes]:
    with opened(store, part) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def write_frames(writer: Writer, store: Store, part: Part, unwanted: Unwanted) -> None:
    with opened(store, part) as file:
        while line := file.readline():
            give_up(unwanted)
            writer.write(unpacked_frame(file.read(int(line))))


def opened(store: Store, part: Part) -> BinaryIO:
    file = store.open(part.stored.digest, size=part.stored.size)
    file.readline()
    return file
