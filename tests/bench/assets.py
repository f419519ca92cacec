"""How fast a task collects many images, and makes one ZIP of them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

import django
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SECRET_KEY", "bench")
django.setup()

from tasks.models import Phase, Task  # noqa: E402 - Django must be set up first
from tasks.models.task import ENDED  # noqa: E402
from tests.bench.images import LATENCY_S, SIZE  # noqa: E402
from tests.bench.table import Row  # noqa: E402
from tests.support.backends import forget_templates, why_not  # noqa: E402
from tests.support.collecting import a_task, announce, fresh  # noqa: E402
from tests.support.live import Live  # noqa: E402
from tests.support.work import Work  # noqa: E402

IMAGES, SOME, BATCH = 2_000, 200, 500
LOOK_S, LONGEST_S = 0.05, 300.0


@dataclass(frozen=True)
class Took:
    collected_s: float
    whole_s: float
    peak_mb: float  # of the process that had the most

    @property
    def files_per_s(self) -> float:
        return IMAGES / self.whole_s


def rows() -> list[Row]:
    """Measure on each database that answers here."""
    measured: list[Row] = []
    with _served() as origin:
        for backend in ("sqlite", "postgresql"):
            if not why_not(backend):
                measured += _of_backend(backend, origin)
    forget_templates()
    return measured


def _of_backend(backend: str, origin: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        quick = _measured(backend, Path(name) / "quick", origin)
        slow = _measured(backend, Path(name) / "slow", f"{origin}/slow")
    what = f"{backend}: {IMAGES:,} images of {SIZE // 1000} kB into a ZIP"
    yield Row.of(f"{what}, from announced", quick.files_per_s, "files/s", least=500)
    yield Row.of("the same", quick.files_per_s * SIZE / 1e6, "MB/s")
    yield Row.of("their download alone", IMAGES / quick.collected_s, "files/s")
    yield Row.of("the largest process", quick.peak_mb, "MB")
    alone = _one_after_another(f"{origin}/slow")
    latency = f"{LATENCY_S * 1000:.0f} ms"
    yield Row.ratio(
        f"{backend}: the same at {latency} a request ({slow.files_per_s:.0f} files/s),"
        f" to requests in a loop that keep nothing ({alone:.1f} files/s)",
        slow.files_per_s / alone,
        least=8,
    )


def _measured(backend: str, folder: Path, origin: str) -> Took:
    opened = {"OUTBOUND_ALLOW_NETS": "127.0.0.0/8", "OUTBOUND_PORTS": "any"}
    with Live(backend, folder, **opened) as live:
        work = live.start(workers=2)
        task = a_task()
        began = perf_counter()
        for at in range(0, IMAGES, BATCH):
            urls = [f"{origin}/{number}" for number in range(at, at + BATCH)]
            announce(task, *urls, last=at + BATCH >= IMAGES)
        collected_s = _until(task, {Phase.PROCESSING, *ENDED}) - began
        whole_s = _until(task, set(ENDED)) - began
        done = fresh(task)
        assert (done.phase, done.downloaded) == (Phase.COMPLETED, IMAGES), done.message
        return Took(collected_s, whole_s, _peak_mb(work))


def _until(task: Task, phases: set[Phase]) -> float:
    """Wait until a task is in one of the phases; return when it was."""
    began = perf_counter()
    while fresh(task).phase not in phases:
        assert perf_counter() - began < LONGEST_S, "the task takes too long"
        sleep(LOOK_S)
    return perf_counter()


def _one_after_another(origin: str) -> float:
    """Download some images in a loop; return how many per second."""
    began = perf_counter()
    for number in range(SOME):
        reply = requests.get(f"{origin}/{number}", timeout=10)
        assert len(reply.content) == SIZE
    return SOME / (perf_counter() - began)


def _peak_mb(work: Work) -> float:
    """Return the most memory that any process of the workers ever had."""
    peaks = [0]
    for one in work.tree:
        status = Path(f"/proc/{one.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        peaks.append(int(lines.get("VmHWM", "0").split()[0]))
    return max(peaks) / 1024


@contextmanager
def _served() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.images"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()
