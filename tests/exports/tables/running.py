"""A short way for tests to run a whole transform."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import polars as pl

from exports.tables import BoundTransform, Transform

Rows = list[tuple[Any, ...]]


def bound_and_run(
    transform: Transform, *frames: pl.DataFrame
) -> tuple[BoundTransform, pl.DataFrame]:
    bound = transform.bind(frames[0].schema)
    with ExitStack() as resources:
        made = list(bound.run(iter(frames), resources))
    assert all(dict(frame.schema) == dict(bound.schema) for frame in made)
    return bound, pl.concat(made)


def run(transform: Transform, *frames: pl.DataFrame) -> pl.DataFrame:
    return bound_and_run(transform, *frames)[1]


def rows(transform: Transform, *frames: pl.DataFrame) -> Rows:
    return run(transform, *frames).rows()


def in_frames(frame: pl.DataFrame, height: int) -> Iterator[pl.DataFrame]:
    return frame.iter_slices(height) if frame.height else iter([frame])
