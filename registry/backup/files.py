"""Stored files, copied from one store to another."""

import shutil
from collections.abc import Iterable

from registry.errors import BackupError
from tasks.archive.store import Missing, Store

PIECE_BYTES = 1 << 20


def copy_files(
    digests: Iterable[str], *, source: Store, target: Store
) -> tuple[int, list[str]]:
    """Copy what the target lacks; return how many, and the digests that are nowhere.

    Raises:
        BackupError: a file of the source is not what its digest says.
    """
    copied, missing = 0, []
    for digest in sorted(digests):
        if target.exists(digest):
            continue
        try:
            _copy(digest, source=source, target=target)
            copied += 1
        except Missing:
            missing.append(digest)
    return copied, missing


def _copy(digest: str, *, source: Store, target: Store) -> None:
    with source.open(digest) as file, target.writer(fence="backup") as out:
        shutil.copyfileobj(file, out, PIECE_BYTES)
        if out.commit().digest != digest:
            raise BackupError(f"The file {digest} is damaged.")
