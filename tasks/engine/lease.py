"""The heartbeat: a thread that keeps this worker's lease and hears a cancel."""

import logging
import os
import threading
from collections.abc import Callable
from time import monotonic, sleep

from django.db import Error, connection

from tasks.engine import clock
from tasks.engine.claim import LEASE
from tasks.models import Job
from tasks.states import JobState

LOOK_S = 0.2
RENEW_S = 2.0
HANGS = 72  # the exit code of a worker that gave up a step
log = logging.getLogger(__name__)


class Lease:
    """One claim of one job, as the worker's two threads see it."""

    def __init__(self, job: Job, *, step_limit_s: float) -> None:
        self.job_id = job.pk
        self.about = job.line  # what the heart says that is not in its thread
        self.fence = job.fence
        self.owner = job.lease_owner
        self.step_limit_s = step_limit_s
        self.cancelled = False
        self.lost = False
        self.renewed = monotonic()
        # When the running step began; None while the handler is suspended.
        self.step_began: float | None = None
        self.stop: Callable[[], None] | None = None

    @property
    def over(self) -> bool:
        return self.cancelled or self.lost

    @property
    def overdue_s(self) -> float:
        """Seconds by which the running step exceeds its limit; negative if not."""
        began = self.step_began
        return -1.0 if began is None else monotonic() - began - self.step_limit_s

    def look(self) -> None:
        """Read the cancel flag, and renew the lease when it is time to."""
        mine = Job.objects.filter(
            pk=self.job_id,
            fence=self.fence,
            state=JobState.INPROGRESS,
            lease_owner=self.owner,  # not if it was parked this very moment
        )
        began = monotonic()
        due = self.overdue_s < 0 and began - self.renewed >= RENEW_S
        if due and not self.lost:
            self.lost = not mine.update(due_at=clock.now() + LEASE)
            self.renewed = began
        row = mine.values_list("cancel_requested_at").first()
        self.lost = self.lost or row is None
        self.cancelled = self.cancelled or bool(row and row[0])

    def expire(self) -> None:
        """Count the lease as lost once it must have run out unrenewed."""
        if monotonic() - self.renewed > LEASE.total_seconds():
            self.lost = True


class Heart:
    """Beats for the leases that its process holds."""

    def __init__(self) -> None:
        self._leases: list[Lease] = []
        self._guard = threading.Lock()
        self._holding = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, lease: Lease) -> None:
        with self._guard:
            self._leases.append(lease)
        self._holding.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()

    def drop(self, lease: Lease) -> None:
        with self._guard:
            self._leases.remove(lease)
            if not self._leases:
                self._holding.clear()

    def _beat(self) -> None:
        while True:
            self._holding.wait()
            sleep(LOOK_S)
            for lease in list(self._leases):
                self._look(lease)

    def _look(self, lease: Lease) -> None:
        try:
            lease.look()
        except Error:
            log.warning("heartbeat missed", extra=lease.about)
            connection.close()
        lease.expire()
        if lease.overdue_s > LEASE.total_seconds():
            # By now another worker has the job; this one hangs for good.
            log.critical("step hangs, worker ends", extra=lease.about)
            os._exit(HANGS)
        if lease.over:
            self._stop(lease)

    def _stop(self, lease: Lease) -> None:
        # Under the guard: once dropped, a lease's work is never interrupted.
        with self._guard:
            stop, lease.stop = lease.stop, None
            if stop and lease in self._leases:
                _call(stop, lease)


def _call(stop: Callable[[], None], lease: Lease) -> None:
    try:
        stop()
    except Exception:  # a handler's code must not stop the heart
        log.exception("could not stop a step", extra=lease.about)


heart = Heart()
