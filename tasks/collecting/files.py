"""Files in the store that this service need not keep any more."""

from collections.abc import Iterable
from datetime import datetime

from tasks.archive.stored import store
from tasks.models import Artifact, Segment


def forget(files: Iterable[tuple[str, datetime]]) -> int:
    """Delete files that nothing shows any more; return how many.

    Each comes with the time at which we had stored it: who stored the same content
    later may not have saved a row yet, so such a file is left to prune, as is every
    file when this process dies on its way here.
    """
    return sum(_forget(digest, at) for digest, at in dict(files).items())


def _forget(digest: str, at: datetime) -> bool:
    path = store().path(digest)
    if path is None or _is_shown(digest):
        return False
    try:
        if path.stat().st_mtime > at.timestamp():
            return False
    except FileNotFoundError:  # somebody else has just deleted it
        return False
    return store().delete(digest)


def _is_shown(digest: str) -> bool:
    shown = Artifact.objects.filter(digest=digest).exists()
    return shown or Segment.objects.filter(digest=digest).exists()
