"""Ending what a database does for one thread, from another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread, Timer
from time import sleep

from tasks.errors import Stopped, WorkFailed

AGAIN_S = 0.1


class Brake:
    """Cancels statements, once it was pulled: the running one and those after it."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._lock = Lock()
        self._cancel: Callable[[], object] | None = None
        self._why: Exception | None = None

    def stop(self) -> None:
        self._pull(Stopped("The reading was stopped."))

    def check(self) -> None:
        """Raise the reason, if it was pulled."""
        if self._why:
            raise self._why

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Pull it, if the block takes longer."""
        why = f"{self._shown}: the database took longer than {seconds:g} s (timeout_s)."
        late = WorkFailed("timeout", why)
        timer = Timer(seconds, self._pull, [late])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def holds(self, cancel: Callable[[], object]) -> Iterator[None]:
        """Call `cancel` if it is pulled in the block, which then raises the reason."""
        with self._lock:
            self.check()
            self._cancel = cancel
        try:
            yield
        except Exception as error:
            if self._why:
                raise self._why from error
            raise
        finally:
            # Waits for a cancel that is on its way: what it needs is closed next.
            with self._lock:
                self._cancel = None

    def _pull(self, why: Exception) -> None:
        self._why = self._why or why
        # To reach a database may take long, and who pulls has no time.
        Thread(target=self._press, name="brake", daemon=True).start()

    def _press(self) -> None:
        # Again and again: a statement that was about to begin hears no cancel.
        while True:
            with self._lock:
                if self._cancel is None:
                    return
                with suppress(Exception):
                    self._cancel()
            sleep(AGAIN_S)
