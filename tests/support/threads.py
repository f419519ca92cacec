"""Several threads at the database at once, each with a connection of its own."""

from collections.abc import Callable
from threading import Barrier, Thread
from time import monotonic
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
LONGEST_S = 60.0


def at_once(count: int, work: Callable[[], T]) -> list[T]:
    """Run `work` in `count` threads that begin together; raise what they raise.

    Raises:
        AssertionError: a thread did not end; it is left behind.
    """
    start = Barrier(count)
    results: list[T] = []
    errors: list[BaseException] = []

    def begin() -> None:
        try:
            start.wait(LONGEST_S)
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=begin, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    end = monotonic() + LONGEST_S
    for thread in threads:
        thread.join(max(0.0, end - monotonic()))
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    for error in errors:
        raise error
    return results
