"""How fast the engine answers, on real workers.

    python -m tests.bench.engine [--json]

Times are those of the job's own row (`queued_at`, `started_at`, `finished_at`), or of
the clock that saw the row change, to within the 2 ms between two looks.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import monotonic, sleep

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SECRET_KEY", "bench")
django.setup()

from tasks import services  # noqa: E402 - Django must be set up first
from tasks.models import Job  # noqa: E402
from tasks.states import JobState  # noqa: E402
from tests.bench.table import Row, as_json, as_table  # noqa: E402
from tests.support.backends import BACKENDS, forget_templates, why_not  # noqa: E402
from tests.support.live import Live  # noqa: E402

SUBMITS, CANCELS, KILLS, DRAINS = 60, 30, 5, 3
LOOK_EVERY_S = 0.002
LONGEST_S = 30.0
START_TARGET_MS = {"sqlite": 50, "postgresql": 60, "redis": 10}


def rows() -> list[Row]:
    """Measure everything, on each backend that answers here."""
    measured: list[Row] = []
    for backend in BACKENDS:
        if reason := why_not(backend):
            print(f"{backend}: not measured, {reason}", file=sys.stderr)
            continue
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            Live(backend, Path(folder) / "var", LIVE_KINDS="test") as live,
        ):
            measured += _of_backend(backend, live)
    forget_templates()
    return measured


def _of_backend(backend: str, live: Live) -> Iterator[Row]:
    most = START_TARGET_MS[backend]
    live.start(workers=2)
    live.succeeded(live.enqueue("test.steps", steps=1))
    starts = [_start_ms(live) for _ in range(SUBMITS)]
    yield Row.of(f"{backend}: submit to started, p50", median(starts), "ms", most=most)
    yield Row.of(f"{backend}: submit to started, p99", p99(starts), "ms")
    cancels = [_cancel_ms(live) for _ in range(CANCELS)]
    yield Row.of(f"{backend}: cancel to CANCELLED, p50", median(cancels), "ms")
    yield Row.of(f"{backend}: cancel to CANCELLED, p99", p99(cancels), "ms", most=500)
    yield Row.of(f"{backend}: cancel to CANCELLED, max", max(cancels), "ms", most=1000)
    busy = [_busy_kill_s(live) for _ in range(KILLS)]
    yield Row.of(f"{backend}: busy worker killed to resumed", max(busy), "s", most=2)
    idle = [_idle_kill_s(live) for _ in range(KILLS)]
    yield Row.of(f"{backend}: idle worker killed to next job", max(idle), "s", most=3)
    drains = [_drain_s(live) for _ in range(DRAINS)]
    yield Row.of(f"{backend}: SIGTERM to all ended, busy", max(drains), "s", most=5)


def p99(values: list[float]) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, round(0.99 * len(ranked)))]


def _start_ms(live: Live) -> float:
    sleep(0.05)  # Idle is what is measured.
    job = live.enqueue("test.steps", steps=1)
    live.succeeded(job)
    assert job.started_at
    return 1000 * (job.started_at - job.queued_at).total_seconds()


def _cancel_ms(live: Live) -> float:
    job = live.enqueue("test.steps", steps=10_000, pause_s=0.02)
    live.under_way(job)
    return 1000 * _until(job, lambda: job.state == JobState.CANCELLED, services.cancel)


def _busy_kill_s(live: Live) -> float:
    work = live.works[-1]
    work.wait_until_complete()
    job = live.enqueue("test.steps", steps=60, pause_s=0.05)
    live.under_way(job, done=3)
    fence, victim = job.fence, work.worker_of(job)
    took_s = _until(job, lambda: job.fence > fence, lambda _: victim.kill())
    live.succeeded(job)
    return took_s


def _idle_kill_s(live: Live) -> float:
    work = live.works[-1]
    work.wait_until_complete()
    work.workers[0].kill()
    job = live.enqueue("test.steps", steps=1)
    return _until(job, lambda: job.state == JobState.SUCCEEDED, lambda _: None)


def _drain_s(live: Live) -> float:
    work = live.works[-1]
    work.wait_until_complete()
    jobs = [
        live.enqueue("test.steps", lane=f"lane-{n}", steps=20, pause_s=0.2)
        for n in range(2)
    ]
    live.under_way(jobs[0], done=1)
    began = monotonic()
    work.terminate()
    work.wait()
    work.leaves_no_orphan()
    took_s = monotonic() - began
    live.start(workers=2)
    live.succeeded(*jobs)
    return took_s


def _until(job: Job, so: Callable[[], bool], act: Callable[[Job], object]) -> float:
    began = monotonic()
    act(job)
    while not so():
        if monotonic() - began > LONGEST_S:
            raise TimeoutError(f"{job} is {job.state}")
        sleep(LOOK_EVERY_S)
        job.refresh_from_db()
    return monotonic() - began


if __name__ == "__main__":
    found = rows()
    print(as_json(found) if "--json" in sys.argv[1:] else as_table(found))
