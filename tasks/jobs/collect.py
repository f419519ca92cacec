"""Collecting a task's assets: fetched at once, each one saved as it comes."""

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from time import monotonic
from uuid import UUID

from django.conf import settings

from tasks.archive.upload import StoreFull
from tasks.collecting import arrivals, files, phases
from tasks.collecting.crew import IN_HAND, Crew, Outcome
from tasks.collecting.download import Fetched, Missed, Terms, Wanted
from tasks.engine import clock
from tasks.engine.run import Effect, Run, Step
from tasks.errors import WorkFailed
from tasks.jobs.gone import task_gone
from tasks.models import AssetState, OnFailure, Phase, Task
from tasks.outbound.urls import parse

SAVED_AT_ONCE = 20
SAVE_EVERY_S = 0.05
Steps = Generator[Step, None, Effect | None]


def run_collect(run: Run) -> Steps:
    """Fetch all that waits, and what is announced meanwhile; then the task goes on.

    What a worker before had saved is not fetched again.
    """
    collection = Collection(run)
    run.on_stop(collection.crew.stop)
    yield run.step(apply=collection.take_over)
    try:
        yield from collection.steps()
    finally:
        run.on_stop(None)
        collection.close()
    return collection.settle


class Collection:
    """One run of a task's collect job."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.task_id = UUID(run.params["task"])
        self.crew = Crew(_terms(run), wake=run.wake)
        self._unsaved: list[Outcome] = []
        self._marked: set[int] = set()
        self._saved: int = run.cursor or 0
        self._turn_at = 0.0

    def take_over(self) -> None:
        """Let what a worker before us had begun begin anew."""
        task = self._hold()
        begun = task.assets.filter(state=AssetState.DOWNLOADING)
        begun.update(state=AssetState.WAITING)

    def steps(self) -> Generator[Step, None, None]:
        while True:
            self.crew.bell.clear()
            # One transaction for some costs less than one for each.
            self.crew.gather(SAVED_AT_ONCE, within_s=self._pause_s())
            self._unsaved += self.crew.take()
            flying = self.crew.flying
            if self._unsaved or flying - self._marked:
                yield self._save(flying)
                self._unsaved, self._marked = [], flying
            if not self._refill() and self.crew.is_idle:
                return
            yield self.run.step(rest=self.crew.bell)

    def _pause_s(self) -> float:
        now, before = monotonic(), self._turn_at
        self._turn_at = now
        return max(0.0, SAVE_EVERY_S - (now - before))

    def settle(self) -> None:
        """Let the task go on; call in the transaction in which the job succeeds."""
        phases.settle(self._hold(), at=clock.now())

    def close(self) -> None:
        """End the downloads; of what was not saved no file stays."""
        self.crew.close()
        self._unsaved += self.crew.take()
        came = [one for one in self._unsaved if isinstance(one, Fetched)]
        files.forget((one.stored.digest, one.at) for one in came)

    def _save(self, flying: set[int]) -> Step:
        """Return the step that saves what has come."""
        outcomes = [one for one in self._unsaved if isinstance(one, Fetched | Missed)]
        for fault in self._unsaved:
            if isinstance(fault, Exception) and not outcomes:
                raise _told(fault)
        for one in outcomes:
            if isinstance(one, Missed):
                self.run.note(f"{one.wanted.name}: {one.message}", code=one.code)
        self._saved += len(outcomes)
        apply = partial(self._apply, outcomes, flying)
        return self.run.step(cursor=self._saved, apply=apply)

    def _apply(self, outcomes: list[Fetched | Missed], flying: set[int]) -> None:
        task = self._hold()
        arrivals.save(task, outcomes, job=self.run.job, flying=flying)

    def _refill(self) -> int:
        """Take more from the database; return how many came.

        Raises:
            WorkFailed: the task is to stop with its first failed asset.
        """
        task = Task.objects.filter(pk=self.task_id).first()
        if task is None:
            raise task_gone(self.run)
        if task.on_failure == OnFailure.STOP and task.failed:
            raise WorkFailed("asset_failed", phases.failures_of(task))
        in_hand = self.crew.in_hand
        room = IN_HAND - len(in_hand)
        waiting = task.assets.filter(state=AssetState.WAITING).exclude(pk__in=in_hand)
        rows = waiting.order_by("number").values_list("pk", "url", "name")[:room]
        self.crew.add(wanted := [_wanted(*row) for row in rows])
        return len(wanted)

    def _hold(self) -> Task:
        """Lock the task, if this job still is the one that collects for it."""
        task = phases.lock(
            self.task_id, phase=Phase.DOWNLOADING, collect_job=self.run.job.pk
        )
        if task is None:
            raise task_gone(self.run)
        return task


def _terms(run: Run) -> Terms:
    most_bytes = settings.TASK_ASSET_MAX_MB << 20
    policy = replace(
        settings.OUTBOUND, max_bytes=min(most_bytes, settings.OUTBOUND.max_bytes)
    )
    return Terms(policy, most_bytes, fence=f"{run.job.pk}-{run.lease.fence}")


def _wanted(pk: int, url: str, name: str) -> Wanted:
    return Wanted(pk, url, parse(url).authority, name)


def _told(fault: Exception) -> Exception:
    if isinstance(fault, StoreFull):
        message = "There is no space left on the service's disk."
        return WorkFailed("disk_full", message, temporary=True)
    return fault
