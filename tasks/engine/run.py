"""One claimed job being run: its handler's steps, committed under the lease."""

import logging
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from tasks import context
from tasks.engine import clock, retry
from tasks.engine.lease import Lease, heart
from tasks.engine.moves import EventKind, change, fail, move, note, requeue
from tasks.engine.storable import storable
from tasks.errors import FollowerFailed, JobMoved
from tasks.models import Job
from tasks.states import JobState

STEP_LIMIT_S = 30.0
WRITE_EVERY_S = 0.5
MOST_NOTES = 1000
log = logging.getLogger(__name__)

# Set whenever something that a job of this process rests for may have come.
awake = Event()

Effect = Callable[[], object]


@dataclass(frozen=True)
class Step:
    """What a handler has done so far; None leaves a field as it was."""

    cursor: Any = None
    done: int | None = None
    total: int | None = None
    rows: int | None = None
    size_bytes: int | None = None
    apply: Effect | None = None  # runs in the step's own transaction
    # The job rests until a thread of its own sets this; nothing else is said.
    rest: Event | None = None
    # The job is given back, to go on after so long, or once somebody wakes it: it
    # waits for what other jobs do, and holds no worker meanwhile.
    nap_s: float | None = None

    def changes(self) -> dict[str, Any]:
        fields = ("cursor", "done", "total", "rows", "size_bytes")
        return {f: v for f in fields if (v := getattr(self, f)) is not None}


# A handler yields steps and returns what makes its result public, if anything;
# that runs in the transaction in which the job succeeds.
Handler = Callable[["Run"], Generator[Step, None, Effect | None]]


def handler_of(kind: str) -> Handler:
    handler: Handler = import_string(settings.JOB_HANDLERS[kind])
    return handler


class Run:
    """A job under lease, as its handler sees it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.cursor: Any = job.cursor
        self.lease = Lease(job, step_limit_s=STEP_LIMIT_S)
        self.rest: Event | None = None
        self._notes: list[dict[str, Any]] = []
        self._pending: dict[str, Any] = {}
        self._written = 0.0
        self._about = job.line
        self._began = monotonic()
        self._steps: Generator[Step, None, Effect | None] | None = None
        heart.take(self.lease)

    # What handlers call.
    def step(self, **fields: Any) -> Step:
        return Step(**fields)

    def note(self, text: str, **data: Any) -> None:
        """Say something in the job's log; written with the next step."""
        if len(self._notes) < MOST_NOTES:
            self._notes.append(storable({"text": text, **data}))

    def on_stop(self, stop: Callable[[], None] | None) -> None:
        """Have `stop` called (from another thread) when the job must end now."""
        self.lease.stop = stop

    def wake(self) -> None:
        """Say, from any thread, that what was rested for is there."""
        awake.set()

    def scratch(self) -> Path:
        """Return a folder of this claim's own; it goes when the claim ends."""
        folder = scratch_of(self.job)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # What the worker calls.
    @property
    def resting(self) -> bool:
        return self.rest is not None and not self.rest.is_set()

    def advance(self, *, until: float) -> bool:
        """Run steps up to the monotonic time `until`; True when the job needs no more.

        Raises:
            DatabaseError: the outcome could not be written; the lease will run out.
        """
        with context.bound(self._about):
            try:
                return self._advance(until)
            except Exception as error:  # noqa: BLE001 - the one place where a job is run
                self._settle(error)
                return True
            finally:
                self.lease.step_began = None

    def park(self, *, for_s: float = 0.0) -> None:
        """Give the job back, to be resumed from its cursor by whoever is free."""
        with context.bound(self._about):
            self._close()
            with self._if_still_ours(), transaction.atomic():
                due_at = clock.now() + timedelta(seconds=for_s)
                self._write(lease_owner="", due_at=due_at)
                note(self.job, EventKind.PARKED)

    def stop(self) -> None:
        """End what was cancelled; what was lost is left to whoever claims it next."""
        with context.bound(self._about):
            self._close()
            if self.lease.cancelled:
                with self._if_still_ours(), transaction.atomic():
                    self._write()
                    move(self.job, JobState.CANCELLED)

    def end(self) -> None:
        """Let go of the lease and everything the claim left behind."""
        with context.bound(self._about):
            self._close()
            held_s = round(monotonic() - self._began, 3)
            log.info("job left", extra={"state": self.job.state, "held_s": held_s})
        heart.drop(self.lease)
        shutil.rmtree(scratch_of(self.job), ignore_errors=True)
        _remove_if_empty(scratch_of(self.job).parent)

    @contextmanager
    def _if_still_ours(self) -> Iterator[None]:
        try:
            yield
        except JobMoved:
            log.warning("lease lost")
        except FollowerFailed:
            # The lease runs out, and a later claim tries to move it again.
            log.exception("job cannot move")

    def _advance(self, until: float) -> bool:
        if self._steps is None:
            self._steps = handler_of(self.job.kind)(self)
        while True:
            if self.lease.over:
                self.stop()
                return True
            self.lease.step_began = monotonic()
            try:
                step = next(self._steps)
            except StopIteration as end:
                self._succeed(end.value)
                return True
            self.rest = step.rest
            if step.rest:
                return False
            self._commit(step)
            if step.nap_s is not None:
                self.park(for_s=step.nap_s)
                return True
            if monotonic() >= until:
                return False

    def _commit(self, step: Step) -> None:
        if step.apply:
            with transaction.atomic():
                self._write(**step.changes())
                step.apply()
            self._notes = []
            return
        self._pending |= step.changes()
        if self._notes or monotonic() - self._written >= WRITE_EVERY_S:
            with transaction.atomic():
                self._write()
            self._notes = []

    def _write(self, **more: Any) -> None:
        # Forgotten even if it fails: a cursor that was not saved together with its
        # effect must not be saved later, without it.
        changes, self._pending = {**self._pending, **more}, {}
        if changes.get("cursor", self.job.cursor) != self.job.cursor:
            changes["attempt"] = 1  # It got further: the losses before are forgiven.
        change(self.job, **changes)
        for line in self._notes:
            note(self.job, EventKind.NOTE, **line)
        self._written = monotonic()

    def _succeed(self, publish: Effect | None) -> None:
        with transaction.atomic():
            self._write()
            if publish:
                publish()
            move(self.job, JobState.SUCCEEDED)

    def _settle(self, error: Exception) -> None:
        """Retry or fail, by the class of the error; a stopped job is neither."""
        self._close()
        with self._if_still_ours():
            self.job = self._reread()
            if self.lease.over or self.job.cancel_requested_at:
                self.lease.cancelled = not self.lease.lost
                self.stop()
            else:
                self._give_verdict(error)

    def _reread(self) -> Job:
        # A failed transaction may have rolled back what memory took for written.
        same = Job.objects.filter(pk=self.job.pk, fence=self.lease.fence)
        job = same.filter(state=JobState.INPROGRESS).first()
        if job is None:
            raise JobMoved(f"{self.job} was moved by others")
        return job

    def _give_verdict(self, error: Exception) -> None:
        verdict = retry.judge(error)
        log.log(
            logging.ERROR if verdict.ours else logging.INFO,
            "job raised",
            extra={"code": verdict.code},
            exc_info=error if verdict.ours else None,
        )
        with transaction.atomic():
            self._write()
            self._retry_or_fail(verdict)

    def _retry_or_fail(self, verdict: retry.Verdict) -> None:
        told = {"code": verdict.code, "message": verdict.message}
        if verdict.temporary and self.job.retries < self.job.max_retries:
            longest_s = settings.JOB_LONGEST_WAITS.get(self.job.kind, retry.LONGEST_S)
            pause = retry.wait_s(
                self.job.retries, verdict.retry_after_s, longest_s=longest_s
            )
            requeue(self.job, wait_s=pause, data=told)
        else:
            fail(self.job, **told)

    def _close(self) -> None:
        if self._steps is None:
            return
        try:
            self._steps.close()
        except Exception:  # a handler's clean-up must not stop ours
            log.exception("handler did not close")


def scratch_of(job: Job) -> Path:
    folder: Path = settings.SCRATCH_DIR
    return folder / str(job.pk) / str(job.fence)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
