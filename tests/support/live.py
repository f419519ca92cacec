"""The live harness: real `manage.py work` processes on a database of their own.

    with Live("sqlite", folder) as live:
        work = live.start(workers=2)
        job = live.enqueue("test.steps", steps=3)
        live.ended(job, within_s=5)

While it is open, this process' ORM and services speak to the same database.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
from django.conf import settings
from django.test import override_settings
from django_q.conf import Conf

from tasks import services
from tasks.archive import stored
from tasks.engine.cluster import die_with
from tasks.models import Client, Job, WorkerHost
from tasks.states import FINAL, JobState
from tests.support.backends import REDIS, bound_to, own_database
from tests.support.polling import until
from tests.support.work import STARTS_WITHIN_S, Work

ROOT = Path(__file__).resolve().parents[2]
WORK = ("manage.py", "work", "--workers")


class Live:
    """A service of its own: database, doorbell, folder and the workers started."""

    redis_url = REDIS

    def __init__(self, backend: str, folder: Path, **environment: str) -> None:
        self.backend = backend
        self.folder = folder
        self.environment = environment
        self.works: list[Work] = []
        self.prefix: list[str] = []  # what starts the supervisors, if not we
        self.url = ""
        self._stack = ExitStack()
        # A queue of its own, so that tests may share one Redis.
        self._queue = f"live-{os.getpid()}-{id(self):x}"
        self._client: Client | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.url = stack.enter_context(self._database())
            stack.enter_context(bound_to(self.url))
            own = override_settings(
                VAR_DIR=self.folder, SCRATCH_DIR=self.folder / "scratch"
            )
            stack.enter_context(own)
            stack.enter_context(self.stored_in(self.folder / "store"))
            stack.callback(self._ring_as(self._queue, self.backend == "redis"))
            if self.backend == "redis":
                stack.callback(self._forget_queue)
            stack.callback(self._stop_all)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    # Workers.
    def start(self, *, workers: int = 2, complete: bool = True) -> Work:
        """Start a supervisor; `complete` waits until all its processes are there."""
        with self._log.open("ab") as log:
            popen = subprocess.Popen(
                [*self.prefix, sys.executable, *WORK, str(workers)],
                cwd=ROOT,
                env=self._env(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_follow(os.getpid()),
            )
        work = Work(popen, workers=workers)
        self.works.append(work)
        if complete:
            work.wait_until_complete()
        return work

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    # Jobs.
    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = services.create_client(name="alice")
        return self._client

    def enqueue(
        self, kind: str, *, lane: str = "lane", serial: bool = False, **params: Any
    ) -> Job:
        return services.enqueue(
            kind, client=self.client, params=params, lane=lane, serial=serial
        )

    def reached(self, job: Job, state: JobState, *, within_s: float) -> Job:
        """Wait until a job is in `state`; fail at once if it ended in another."""

        def look() -> bool:
            job.refresh_from_db()
            assert job.state == state or job.state not in FINAL, (
                f"{job} is {job.state}: {job.error_code} {job.error}"
            )
            return job.state == state

        until(look, within_s=within_s, what=f"{job} is {state}")
        return job

    def succeeded(self, *jobs: Job, within_s: float = 15.0) -> None:
        for job in jobs:
            self.reached(job, JobState.SUCCEEDED, within_s=within_s)

    def under_way(self, job: Job, *, done: int = 1, within_s: float = 10.0) -> None:
        """Wait until a job runs and has done so many of its steps."""

        def look() -> bool:
            job.refresh_from_db()
            return job.state == JobState.INPROGRESS and job.done >= done

        until(look, within_s=within_s, what=f"{job} has done {done} steps")

    def started(self, work: Work) -> None:
        """Wait until a supervisor has begun to supervise."""

        def look() -> bool:
            return bool(work.tree[1:]) or WorkerHost.objects.exists()

        until(look, within_s=STARTS_WITHIN_S, what="the supervisor works")

    @contextmanager
    def stored_in(self, place: Path | str) -> Iterator[None]:
        """Have this process look into the store that the workers write to."""
        with override_settings(STORE_URL=str(place)):
            stored.store.cache_clear()
            yield
        stored.store.cache_clear()

    def _database(self) -> AbstractContextManager[str]:
        return own_database(self.backend, self.folder)

    def _stop_all(self) -> None:
        for work in self.works:
            work.stop()

    def _env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "tests.support.live_settings",
            "DATABASE_URL": self.url,
            "VAR_DIR": str(self.folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "LIVE_QUEUE": self._queue,
            **({"REDIS_URL": self.redis_url} if self.backend == "redis" else {}),
            **self.environment,
        }

    def _ring_as(self, queue: str, by_redis: bool) -> "_Restore":
        """Have this process ring where the workers listen, until undone."""
        wanted = {
            "CLUSTER_NAME": queue,
            "ORM": None if by_redis else "default",
            "REDIS": self.redis_url if by_redis else {},
        }
        before = {name: getattr(Conf, name) for name in wanted}
        _Restore(wanted)()
        return _Restore(before)

    def _forget_queue(self) -> None:
        with redis.from_url(self.redis_url) as server:
            server.delete(f"django_q:{self._queue}:q")

    @property
    def _log(self) -> Path:
        return self.folder / "work.log"


class _Restore:
    """Sets attributes of django-q2's configuration when called."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __call__(self) -> None:
        for name, value in self.values.items():
            setattr(Conf, name, value)


def _follow(parent: int) -> Any:
    # So that no supervisor outlives tests that are themselves killed.
    return lambda: die_with(parent)
