"""What the admin's first page and its lists cost with very many jobs.

    python -m tests.bench admin

The times are of the server's own work: session, queries and page.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tasks.dashboard import board
from tests.bench.table import Row
from tests.support.backends import bound_to, forget_templates, own_database, why_not
from tests.support.many import fill

JOBS = 100_000
REPEATS = 5
MOST_MS = 1_000.0
LISTS = {
    "list of jobs": "/admin/tasks/job/",
    "its last page": "/admin/tasks/job/?p=200",
    "failed ones of a kind": "/admin/tasks/job/?state__exact=failed&kind=tasks.process",
    "a client's jobs": "/admin/tasks/job/?q=client-39",
    "list of files": "/admin/tasks/artifact/",
}


def rows() -> list[Row]:
    measured: list[Row] = []
    for backend in ("sqlite", "postgresql"):
        if reason := why_not(backend):
            print(f"{backend}: not measured, {reason}", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name) / "var"
            folder.mkdir()
            with own_database(backend, folder) as url, bound_to(url):
                measured += _of_backend(backend)
    forget_templates()
    return measured


def _of_backend(backend: str) -> Iterator[Row]:
    fill(JOBS)
    staff = Client()
    staff.force_login(
        User.objects.create_superuser("bench"),
        backend=settings.AUTHENTICATION_BACKENDS[-1],
    )
    _seconds(staff, "/admin/login/")  # what is imported once
    name = f"{backend}, {JOBS:,} jobs: dashboard"
    yield Row.of(f"{name}, nothing kept", _dashboard_ms(staff), "ms", most=MOST_MS)
    kept = median(_seconds(staff, "/admin/panels") for _ in range(REPEATS))
    yield Row.of(f"{name}, as it is polled", 1000 * kept, "ms")
    for what, url in LISTS.items():
        taken = median(_seconds(staff, url) for _ in range(REPEATS))
        yield Row.of(f"{backend}: {what}", 1000 * taken, "ms", most=MOST_MS)


def _dashboard_ms(staff: Client) -> float:
    times = []
    for _ in range(REPEATS):
        board.forget()
        times.append(1000 * _seconds(staff, "/admin/"))
    return median(times)


def _seconds(staff: Client, url: str) -> float:
    began = perf_counter()
    reply = staff.get(url, headers={"host": "localhost"})
    taken = perf_counter() - began
    assert reply.status_code in {200, 302}, (url, reply.status_code)
    return taken
