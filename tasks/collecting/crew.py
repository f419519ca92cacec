"""Downloads under way, many at once, in threads that nobody has to wait for."""

from collections.abc import Callable, Iterable
from threading import Condition, Event, RLock, Thread
from time import monotonic

from tasks.collecting.berths import Berths, berths
from tasks.collecting.download import Download, Fetched, Missed, Terms, Wanted
from tasks.outbound import OutboundError

AT_ONCE = 16
IN_HAND = 64  # so many are taken from the database at most, which kill -9 loses
BELL_EVERY_S = 0.5
LOOK_S = 0.2
# A thread may sit in a look-up or a connection attempt, which nothing interrupts;
# it ends by itself when the time for those is up.
JOIN_S = 0.5

Outcome = Fetched | Missed | Exception


class Crew:
    """The downloads of one task; what they bring waits to be taken."""

    def __init__(
        self,
        terms: Terms,
        *,
        wake: Callable[[], None],
        places: Berths = berths,
        at_once: int = AT_ONCE,
    ) -> None:
        self.bell = Event()  # set when there may be something to do
        self._terms = terms
        self._wake = wake
        self._places = places
        self._at_once = at_once
        lock = RLock()
        self._guard = Condition(lock)  # for threads that look for work
        self._gathered = Condition(lock)  # for the job
        self._waiting: list[Download] = []
        self._flying: dict[int, Download] = {}
        self._ends: dict[int, Callable[[], None]] = {}
        self._done: list[Outcome] = []
        self._threads: list[Thread] = []
        self._stopped = False
        self._rung = 0.0

    # What the job calls.
    def add(self, wanted: Iterable[Wanted]) -> None:
        with self._guard:
            self._waiting += [Download(one, self._terms) for one in wanted]
            missing = min(self._at_once, len(self._waiting)) - len(self._threads)
            for _ in range(0 if self._stopped else missing):
                thread = Thread(target=self._work, name="asset", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._guard.notify_all()

    def gather(self, count: int, *, within_s: float) -> None:
        """Wait until so many are done, or all that are under way."""

        def is_enough() -> bool:
            more = self._flying or self._waiting
            return self._stopped or len(self._done) >= count or not more

        with self._gathered:
            self._gathered.wait_for(is_enough, within_s)

    def take(self) -> list[Outcome]:
        """Return what came of the downloads that have ended, once."""
        with self._guard:
            done, self._done = self._done, []
            return done

    @property
    def flying(self) -> set[int]:
        with self._guard:
            return set(self._flying)

    @property
    def in_hand(self) -> set[int]:
        """Name the assets that were added and not taken yet."""
        with self._guard:
            done = [one for one in self._done if isinstance(one, Fetched | Missed)]
            here = [one.wanted.id for one in [*self._waiting, *done]]
            return {*here, *self._flying}

    @property
    def is_idle(self) -> bool:
        with self._guard:
            return not (self._waiting or self._flying or self._done)

    def stop(self) -> None:
        """End all that is under way; any thread may call this."""
        with self._guard:
            self._stopped = True
            ends = list(self._ends.values())
            self._guard.notify_all()
            self._gathered.notify_all()
        for end in ends:
            end()
        self._ring()

    def close(self) -> None:
        """Stop, and drop what is not complete; what is done can still be taken."""
        self.stop()
        until = monotonic() + JOIN_S
        for thread in self._threads:
            thread.join(max(0.0, until - monotonic()))
        for download in self._waiting:
            download.close()

    # What the threads do.
    def _work(self) -> None:
        while download := self._next():
            outcome = self._attempt(download)
            self._places.leave(download.wanted.host)
            with self._guard:
                self._flying.pop(download.wanted.id)
                self._ends.pop(download.wanted.id, None)
                if outcome:
                    self._done.append(outcome)
                elif not self._stopped:
                    self._waiting.append(download)
                self._guard.notify()
                self._gathered.notify()
            if self._stopped or outcome:
                download.close()
            self._ring()

    def _next(self) -> Download | None:
        """Wait for a download that may begin now; None when all shall end."""
        with self._guard:
            while not self._stopped:
                for download in self._waiting:
                    if self._may_fly(download):
                        self._waiting.remove(download)
                        self._flying[download.wanted.id] = download
                        return download
                self._guard.wait(LOOK_S)
                self._ring_now_and_then()
        return None

    def _may_fly(self, download: Download) -> bool:
        due = download.not_before <= monotonic()
        return due and self._places.take(download.wanted.host)

    def _attempt(self, download: Download) -> Outcome | None:
        """Return what came of a download; None if it is to be tried again."""
        try:
            return download.attempt(
                on_open=lambda end: self._opened(download.wanted.id, end),
                on_piece=self._ring_now_and_then,
            )
        except OutboundError as error:
            if self._stopped or download.may_retry(error):
                return None
            code, message = error.code, str(error)
            return Missed(download.wanted, download.attempts, code, message)
        except Exception as error:  # noqa: BLE001 - raised again by the job
            return error

    def _opened(self, asset: int, end: Callable[[], None]) -> None:
        with self._guard:
            self._ends[asset] = end
            stopped = self._stopped
        if stopped:
            end()

    def _ring_now_and_then(self) -> None:
        if monotonic() - self._rung >= BELL_EVERY_S:
            self._ring()

    def _ring(self) -> None:
        self._rung = monotonic()
        self.bell.set()
        self._wake()
