"""How fast a revision is told, beside bare views, and whether that grows with rows."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import requests
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry import services
from registry.dialects.specstore import wire
from registry.management.demo import make_keys, sign
from registry.models import Dataset, Revision
from registry.told import tell
from tasks.models import Client
from tests.bench.load import rate, server
from tests.bench.table import Row
from tests.support.backends import bound_to

INFO = "/source/bench/one/latest"
MANY = 100_000
REPEATS, UPLOADS = 3, 60
SPEC = {
    "meta": {"ownerid": "bench", "dataset": "one", "findability": "published"},
    "inputs": [
        {
            "kind": "datapackage",
            "url": "http://127.0.0.1/datapackage.json",
            "parameters": {
                "descriptor": {
                    "name": "one",
                    "resources": [
                        {"name": "t", "path": "t.csv", "schema": {"fields": []}}
                    ],
                }
            },
        }
    ],
}


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        url = f"sqlite:///{name}/web.sqlite3"
        with bound_to(url):
            call_command("migrate", verbosity=0)
            services.upload(contents=SPEC, max_datasets=None, at=timezone.now())
            queries = _queries()
            few = _compare(url, Path(name))
            _fill()
            many = _compare(url, Path(name))
    return [
        Row.of("GET /source/…/latest: queries", queries, "", most=3),
        *_beside(few),
        Row.ratio(
            f"its rate with {MANY:,} datasets to with 1, beside Flask's",
            (many.ours / many.flask_row) / (few.ours / few.flask_row),
            least=0.9,
        ),
        Row.of("POST /source/upload, p50", few.upload_ms, "ms"),
        Row.ratio(
            f"the same with {MANY:,} datasets ({many.upload_ms:.1f} ms)",
            many.upload_ms / few.upload_ms,
            most=1.3,
        ),
    ]


@dataclass(frozen=True)
class Rates:
    """Requests per second of one process; an upload's median time."""

    ours: float
    flask_row: float
    flask_memory: float
    django_memory: float
    upload_ms: float


def _beside(found: Rates) -> list[Row]:
    return [
        Row.ratio(
            f"its rate ({found.ours:.0f}/s) to bare Flask and SQLAlchemy on its rows",
            found.ours / found.flask_row,
            least=1.0,
        ),
        Row.ratio(
            "its rate to bare Flask from memory", found.ours / found.flask_memory
        ),
        Row.ratio(
            "its rate to bare Django from memory", found.ours / found.django_memory
        ),
    ]


def _queries() -> int:
    with CaptureQueriesContext(connection) as seen:
        wire.info(tell(owner="bench", dataset="one", word="latest"))
    return len(seen)


def _compare(url: str, folder: Path) -> Rates:
    private, public = make_keys(folder)
    environment = {
        "DATABASE_URL": url,
        "VAR_DIR": str(folder),
        "AUTH_PUBLIC_KEY": str(public),
    }
    with (
        server("config.asgi:application", **environment) as ours,
        server("tests.bench.bare_flask:application", BENCH_DATABASE=url) as flask,
        server("tests.bench.bare_django:application") as bare,
    ):
        runs = [
            (
                rate(ours, INFO),
                rate(flask, "/row"),
                rate(flask, "/memory"),
                rate(bare, "/memory"),
            )
            for _ in range(REPEATS)
        ]
        upload_ms = _upload_ms(ours, sign(private, owner="bench"))
    first, second, third, fourth = map(median, zip(*runs, strict=True))
    return Rates(first, second, third, fourth, upload_ms)


def _upload_ms(port: int, token: str) -> float:
    """Return the median of uploads one after another, over one connection."""
    times = []
    with requests.Session() as session:
        session.headers["Auth-Token"] = token
        for _ in range(UPLOADS):
            began = perf_counter()
            reply = session.post(
                f"http://127.0.0.1:{port}/source/upload", json=SPEC, timeout=10
            )
            times.append(1000 * (perf_counter() - began))
            assert reply.json()["success"], reply.text
    return median(times)


def _fill() -> None:
    client, at = Client.objects.get(), timezone.now()
    Dataset.objects.bulk_create(
        (
            Dataset(
                client=client,
                owner=f"owner-{number % 1000}",
                name=f"set-{number}",
                findability="published",
                newest=1,
                created_at=at,
            )
            for number in range(MANY)
        ),
        batch_size=5000,
    )
    made = Dataset.objects.exclude(name="one").iterator(chunk_size=5000)
    Revision.objects.bulk_create(
        (
            Revision(dataset=one, number=1, spec=SPEC, findability="published")
            for one in made
        ),
        batch_size=5000,
    )
