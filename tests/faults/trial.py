"""A fault with work under way: what went in, what came out, and how soon."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic

from tasks.models import Job
from tasks.states import FINAL, JobState
from tests.support.effects import effects, once_each
from tests.support.invariants import broken
from tests.support.live import Live
from tests.support.polling import until


@dataclass
class Trial:
    what: str
    live: Live
    jobs: list[Job] = field(default_factory=list)
    steps: dict[object, int] = field(default_factory=dict)
    healed_at: float = 0.0
    seconds: float = 0.0

    def enqueue(self, count: int, *, steps: int = 20, pause_s: float = 0.05) -> None:
        """Queue jobs in as many lanes as two, so that some wait and some run."""
        for number in range(count):
            job = self.live.enqueue(
                "test.steps", lane=f"lane-{number % 2}", steps=steps, pause_s=pause_s
            )
            self.jobs.append(job)
            self.steps[job.pk] = steps

    def under_way(self, *, done: int = 3) -> Job:
        """Wait until the first job runs; return it."""
        self.live.under_way(self.jobs[0], done=done)
        return self.jobs[0]

    def healed(self) -> None:
        """Say that what was broken is mended: the time to recover begins."""
        self.healed_at = monotonic()

    def settle(self, *, within_s: float = 90.0) -> None:
        """Wait for the first step after the mending, and then until all is final.

        Raises:
            AssertionError: something was lost, done twice, or is not as it must be.
        """
        self.healed_at = self.healed_at or monotonic()
        until(self._moves(), within_s=within_s, what=f"work goes on after {self.what}")
        self.seconds = monotonic() - self.healed_at
        rows = Job.objects.filter(pk__in=[job.pk for job in self.jobs])
        until(
            lambda: rows.filter(state__in=FINAL).count() == len(self.jobs),
            within_s=within_s,
            what=f"all jobs are final after {self.what}",
        )
        self._keep()
        assert (self.lost, self.doubled) == ([], [])
        assert broken() == []

    def _moves(self) -> Callable[[], bool]:
        """Return a look for any progress since now, or the end of all."""
        rows = Job.objects.filter(pk__in=[job.pk for job in self.jobs])
        before = sum(rows.values_list("done", flat=True))
        whole = sum(self.steps.values())

        def look() -> bool:
            now = sum(rows.values_list("done", flat=True))
            return now > before or now == whole

        return look

    @property
    def lost(self) -> list[str]:
        """Name the jobs that did not succeed, or lack what they should have done."""
        rows = Job.objects.filter(pk__in=[job.pk for job in self.jobs])
        return [
            str(job)
            for job in rows
            if job.state != JobState.SUCCEEDED
            or once_each(self.steps[job.pk]) - effects(job)
        ]

    @property
    def doubled(self) -> list[str]:
        return [
            str(job)
            for job in self.jobs
            if effects(job) - once_each(self.steps[job.pk])
        ]

    def _keep(self) -> None:
        """Add a row to those of a run that collects them."""
        final = Job.objects.filter(
            pk__in=[job.pk for job in self.jobs], state__in=FINAL
        )
        row = Row(
            self.what,
            self.live.backend,
            len(self.jobs),
            final.count(),
            len(self.lost),
            len(self.doubled),
            self.seconds,
        )
        row.keep()


@dataclass(frozen=True)
class Row:
    what: str
    backend: str
    jobs_in: int
    final: int
    lost: int
    doubled: int
    seconds: float

    def keep(self) -> None:
        print(self)
        if folder := os.environ.get("FAULT_ROWS"):
            with (Path(folder) / f"{os.getpid()}.jsonl").open("a") as rows:
                rows.write(json.dumps(asdict(self)) + "\n")
