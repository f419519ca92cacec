"""A round: jobs, an upload, an export and a fault, and what became of them."""

import random
import signal
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import ClassVar

import psycopg
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from exports import services as exports
from exports.request import Configuration, Input
from registry import services as registry
from registry.models import Revision
from registry.states import ENDED, RunState
from tasks.models import Job
from tasks.outbound.policy import parse_policy
from tasks.states import FINAL, JobState
from tests.support.effects import effects, once_each
from tests.support.invariants import broken
from tests.support.live import Live
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.specstore import spec_of, table
from tests.support.work import Work

JOBS, STEPS, PAUSE_S = 8, 20, 0.05
SETTLES_WITHIN_S = 120.0
NETS = {"OUTBOUND_ALLOW_NETS": "127.0.0.0/8", "OUTBOUND_PORTS": "any"}
LOOPBACK = parse_policy(allow_nets="127.0.0.0/8", ports="any")


@dataclass
class Round:
    COLUMNS: ClassVar = (
        *("fault", "on", "rounds", "jobs in", "final", "lost", "doubled"),
        *("invariants broken", "s to all final, at most"),
    )

    fault: str
    backend: str
    count: int = 1
    jobs_in: int = 0
    final: int = 0
    lost: int = 0
    doubled: int = 0
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def wrong(self) -> bool:
        return bool(self.lost or self.doubled or self.broken)

    @property
    def cells(self) -> Sequence[object]:
        counts = (self.jobs_in, self.final, self.lost, self.doubled, len(self.broken))
        return (self.fault, self.backend, self.count, *counts, round(self.seconds, 1))

    @staticmethod
    def summed(rounds: list["Round"]) -> list["Round"]:
        """Add up the rounds of each fault."""
        found: defaultdict[tuple[str, str], list[Round]] = defaultdict(list)
        for one in rounds:
            found[one.fault, one.backend].append(one)
        return [
            Round(
                *name,
                count=len(all_),
                jobs_in=sum(one.jobs_in for one in all_),
                final=sum(one.final for one in all_),
                lost=sum(one.lost for one in all_),
                doubled=sum(one.doubled for one in all_),
                broken=[line for one in all_ for line in one.broken],
                seconds=max(one.seconds for one in all_),
            )
            for name, all_ in sorted(found.items())
        ]


class Soak:
    def __init__(self, backend: str, folder: Path, *, chance: random.Random) -> None:
        self.backend, self.folder, self.chance = backend, folder, chance
        self.faults: dict[str, Callable[[Live, Work], None]] = {
            "none": lambda live, work: None,
            "any process killed": self._kill,
            "any process stopped for 3 s": self._stop,
            "supervisor asked to end": self._end,
            "all connections ended"
            if backend == "postgresql"
            else "database locked for 5 s": self._database,
        }

    def rounds(self, *, until: float) -> Iterator[Round]:
        """Do rounds until that time, each with a fault at random."""
        with (
            Live(self.backend, self.folder / "var", **NETS) as live,
            Sources() as sources,
            override_settings(OUTBOUND=LOOPBACK),
        ):
            sources.put("/t.csv", b"n,m\n" + b"1,2\n" * 5000)
            live.start(workers=2)
            while monotonic() < until:
                yield self._round(live, sources, self.chance.choice([*self.faults]))

    def _round(self, live: Live, sources: Sources, name: str) -> Round:
        told = Round(name, self.backend)
        revision = registry.upload(
            contents=spec_of(table("t", sources.url("/t.csv"), "n:integer", "m")),
            max_datasets=None,
            at=timezone.now(),
        )
        exported = self._export(live, sources)
        ours = [
            live.enqueue("test.steps", lane=f"{n % 3}", steps=STEPS, pause_s=PAUSE_S)
            for n in range(JOBS)
        ]
        sleep(self.chance.uniform(0.0, 1.5))
        self.faults[name](live, self._working(live))
        began = monotonic()
        self._settle(live)
        told.seconds = monotonic() - began
        self._count(told, ours, revision, exported)
        return told

    def _export(self, live: Live, sources: Sources) -> Job:
        client = live.client
        exports.save_inputs(client=client, inputs=[Input(name="n", column=0)])
        url = sources.url("/t.csv")
        wanted = Configuration(file_type="zip", source_url=url, paging="none")
        exports.configure(client=client, configuration=wanted)
        return exports.start(client=client).job

    def _settle(self, live: Live) -> None:
        """Wait until nothing is open, with a supervisor that is there to do it."""

        def look() -> bool:
            self._working(live)
            return not Job.objects.open().exists()

        until(look, within_s=SETTLES_WITHIN_S, what="all jobs are final")

    def _count(
        self, told: Round, ours: list[Job], revision: Revision, exported: Job
    ) -> None:
        rows = [*Job.objects.filter(pk__in=[job.pk for job in (*ours, exported)])]
        told.jobs_in = len(ours) + 2
        revision.refresh_from_db()
        told.final = sum(job.state in FINAL for job in rows) + (revision.state in ENDED)
        done = sum(job.state == JobState.SUCCEEDED for job in rows)
        told.lost = told.jobs_in - done - (revision.state == RunState.SUCCEEDED)
        told.doubled = sum(bool(effects(job) - once_each(STEPS)) for job in ours)
        told.broken = broken()

    def _working(self, live: Live) -> Work:
        """Return the supervisor that runs; start one if it has ended."""
        work = live.works[-1]
        if work.popen.poll() is None:
            return work
        return live.start(workers=2, complete=False)

    def _kill(self, live: Live, work: Work) -> None:
        self.chance.choice(work.tree).kill()

    def _stop(self, live: Live, work: Work) -> None:
        victim = self.chance.choice(work.tree)
        victim.kill(signal.SIGSTOP)
        sleep(3.0)
        victim.kill(signal.SIGCONT)

    def _end(self, live: Live, work: Work) -> None:
        work.terminate()
        work.wait()

    def _database(self, live: Live, work: Work) -> None:
        if self.backend == "postgresql":
            connections.close_all()  # ours are among them
            with psycopg.connect(live.url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                    " datname = current_database() AND pid <> pg_backend_pid()"
                )
            return
        other = sqlite3.connect(live.url.removeprefix("sqlite:///"), timeout=10)
        other.execute("BEGIN IMMEDIATE")
        sleep(5.0)
        other.rollback()
        other.close()
