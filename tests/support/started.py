"""Threads that a test started, told from those of the tests before it."""

import threading


def started_since(earlier: list[threading.Thread]) -> list[str]:
    """Return the names of the threads there are now and not `earlier`."""
    return [one.name for one in threading.enumerate() if one not in earlier]
