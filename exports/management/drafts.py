"""A file that appears whole or not at all."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def draft_of(path: str) -> Iterator[BinaryIO]:
    """Open a file beside `path` that takes its name at the end; - is stdout.

    After an error, or Ctrl-C, nothing is left of it, and what was at `path` stays.
    """
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = Path(path)
    draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as out:
            yield out
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
