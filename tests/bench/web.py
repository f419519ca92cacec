"""How fast a revision is told, beside bare views, and whether that grows with rows."""

import tempfile
from pathlib import Path
from statistics import median

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry import services
from registry.dialects.specstore import wire
from registry.models import Dataset, Revision
from registry.told import tell
from tasks.models import Client
from tests.bench.load import rate, server
from tests.bench.table import Row
from tests.support.backends import bound_to

INFO = "/source/bench/one/latest"
MANY = 100_000
REPEATS = 3
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
    ours, row, memory = few
    return [
        Row.of("GET /source/…/latest: queries", queries, "", most=3),
        _row(
            f"its rate ({ours:.0f}/s) to bare Flask on the same rows", ours / row, 1.0
        ),
        _row("its rate to bare Flask from memory", ours / memory, 0.5),
        _row(f"its rate with {MANY:,} datasets to with 1", many[0] / ours, 0.9),
    ]


def _row(name: str, measured: float, least: float) -> Row:
    return Row.ratio(name, measured, least=least)


def _queries() -> int:
    with CaptureQueriesContext(connection) as seen:
        wire.info(tell(owner="bench", dataset="one", word="latest"))
    return len(seen)


def _compare(url: str, folder: Path) -> tuple[float, float, float]:
    """Return requests per second: ours, Flask on the rows, Flask from memory."""
    environment = {"DATABASE_URL": url, "VAR_DIR": str(folder)}
    with (
        server("config.asgi:application", **environment) as ours,
        server("tests.bench.bare_flask:application", BENCH_DATABASE=url) as bare,
    ):
        runs = [
            (rate(ours, INFO), rate(bare, "/row"), rate(bare, "/memory"))
            for _ in range(REPEATS)
        ]
    first, second, third = zip(*runs, strict=True)
    return median(first), median(second), median(third)


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
