"""A worker's answer to the bell: claim what is due, and let jobs take turns."""

import logging
import mmap
from collections import deque
from time import monotonic

from django.db import Error, connection

from tasks.engine import blame, doorbell
from tasks.engine.claim import anyone_waits, claim
from tasks.engine.run import Run, awake

SLICE_S = 0.25
# Past this a shift ends as soon as it holds no job, and another bell begins the next.
SHIFT_S = 15.0
# Jobs that one worker holds at once, each suspended between its slices.
MOST_HELD = 8
# The same with those that only wait for a thread of their own.
MOST_WITH_RESTING = 40
# While all rest, a worker looks this often for another job.
BREATH_S = 0.05
# A job that waits for an answer may be unable to ask again: a host that stops lets it
# have it, within this.
GRACE_S = 15.0
log = logging.getLogger(__name__)

# One byte shared with the supervisor by fork: 1 once this host is to stop working.
# No lock: a killed process could take one with it.
_stopping = mmap.mmap(-1, 1)


def stop_working() -> None:
    _stopping[0] = 1


def is_stopping() -> bool:
    return bool(_stopping[0])


def answer() -> None:
    """Work until nothing is due, the shift is over, or the host is to stop."""
    shift = Shift()
    try:
        shift.work()
    except Error:
        # The leases run out by themselves; the sweeper rings when they have.
        log.exception("database failed a worker")
        connection.close()
    finally:
        shift.end()


class Shift:
    def __init__(self) -> None:
        self.held: deque[Run] = deque()
        self.until = monotonic() + SHIFT_S

    def work(self) -> None:
        while not is_stopping():
            self._take()
            if not self.held:
                return
            self._turn()
            self._drop_stopped()
        self._part()

    def end(self) -> None:
        while self.held:
            self.held.popleft().end()

    def _take(self) -> None:
        """Claim a job when idle, or when another lane waits for its turn."""
        if not self.held and monotonic() > self.until:
            if anyone_waits():
                doorbell.ring()
            return
        if self._is_full():
            return
        if self.held and not anyone_waits(besides=self._served_last()):
            return
        if job := claim():
            self.held.appendleft(Run(job))

    def _is_full(self) -> bool:
        at_work = sum(not run.resting for run in self.held)
        return at_work >= MOST_HELD or len(self.held) >= MOST_WITH_RESTING

    def _served_last(self) -> str:
        last = self.held[-1]
        return "" if last.resting else last.job.lane_id

    def _turn(self) -> None:
        run = next((run for run in self.held if not run.resting), None)
        if run is None:
            awake.wait(BREATH_S)
            awake.clear()
            return
        self.held.remove(run)
        self.held.append(run)
        if self._advance(run):
            self.held.pop()
            run.end()

    def _advance(self, run: Run) -> bool:
        blame.running(run.job.pk)
        try:
            return run.advance(until=monotonic() + SLICE_S)
        finally:
            blame.running(None)

    def _part(self) -> None:
        """Give all jobs back, those at once that wait for no answer."""
        until = monotonic() + GRACE_S
        for run in sorted(self.held, key=lambda run: run.rest is not None):
            answered = run.rest and run.rest.wait(max(0.0, until - monotonic()))
            if not (answered and self._advance(run)):
                run.park()

    def _drop_stopped(self) -> None:
        """End cancelled jobs at once, whosever turn it is."""
        for run in [run for run in self.held if run.lease.over]:
            run.stop()
            self.held.remove(run)
            run.end()
