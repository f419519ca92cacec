"""Pages out of the same events over HTTP, from `manage.py up` with all its parts."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SECRET_KEY", "bench")
django.setup()

from django.db import transaction  # noqa: E402 - Django must be set up first

from exports import appending, compacting  # noqa: E402
from exports.events import Sort  # noqa: E402
from exports.models import Share  # noqa: E402
from tasks.archive.store import LocalStore, Stored  # noqa: E402
from tasks.models import Client  # noqa: E402
from tests.bench.engine import p99  # noqa: E402
from tests.bench.load import rate_of  # noqa: E402
from tests.bench.partners import Partner, Trip, since  # noqa: E402
from tests.bench.sharing_log import TIME_KEY, noted  # noqa: E402
from tests.bench.table import Row  # noqa: E402
from tests.support.backends import forget_templates, why_not  # noqa: E402
from tests.support.sharing import a_key, a_share, sharing_service  # noqa: E402

ROUNDS = {1: 20, 10: 10, 50: 5}  # by how many clients there are at once
FIRST_POLL_MS = 100.0
MOST = max(ROUNDS)
REFUSED = "refused"
PAGE = "?reverse=False&limit=100000"
FILTERED = f"{PAGE}&filter=cc%20%3D%20F3%20and%20type%3Dmalware"
DOWNLOADS = 10


@dataclass(frozen=True)
class Bench:
    """A share at a live service, and who reads it."""

    share: Share
    partners: list[Partner]
    refused: Partner

    @property
    def path(self) -> str:
        return f"/shares/v2/async/{self.share.pk}"


def rows(folder: Path) -> Iterator[Row]:
    """Measure on each database that answers here; the log is in the folder."""
    for backend in ("sqlite", "postgresql"):
        if why_not(backend):
            continue
        with served(backend, folder) as bench:
            for row in [*latencies(bench), *downloads(bench), *refusals(bench)]:
                yield Row(f"{backend}: {row.name}", row.measured, row.unit, row.most)
    forget_templates()


@contextmanager
def served(backend: str, folder: Path) -> Iterator[Bench]:
    own = folder / backend
    own.mkdir()
    web = os.cpu_count() or 1
    with sharing_service(backend, own, web=web, STORE_URL=str(folder)) as service:
        names = [f"partner {n}" for n in range(MOST)]
        share = shared(folder, (*names, REFUSED))
        Client.objects.filter(name=REFUSED).update(max_open_jobs=0)
        keys = [a_key(name) for name in (*names, REFUSED)]
        *partners, refused = (Partner(service.port, key) for key in keys)
        yield Bench(share, partners, refused)


@transaction.atomic
def shared(folder: Path, readers: tuple[str, ...]) -> Share:
    """Share the log in the folder as a stream's only segment."""
    ref, store = noted(folder), LocalStore(folder)
    share = a_share("bench", readers=readers, time_key=TIME_KEY)

    def stored(digest: str) -> Stored:
        return Stored(digest, store.size(digest))

    appending.place(share.stream, rows=ref.rows)
    segment = appending.add_segment(share.stream, ref, stored(ref.data), job=None)
    views = {Sort(sort): stored(digest) for sort, digest in ref.views.items()}
    compacting.show_views(segment, views, job=None)
    return share


def latencies(bench: Bench) -> Iterator[Row]:
    asyncio.run(at_once(bench, MOST, PAGE))  # each process has read what it keeps
    for clients, rounds in ROUNDS.items():
        trips = [
            trip
            for _ in range(rounds)
            for trip in asyncio.run(at_once(bench, clients, PAGE))
        ]
        who = "client" if clients == 1 else "clients at once"
        most = 2 * FIRST_POLL_MS if clients == 1 else None
        yield from told(f"{clients} {who}, 100,000 events", trips, most)
    trips = [asyncio.run(at_once(bench, 1, FILTERED))[0] for _ in range(ROUNDS[1])]
    yield from told("1 client, filtered by a worker", trips, None)


async def at_once(bench: Bench, clients: int, query: str) -> list[Trip]:
    partners = bench.partners[:clients]
    return await asyncio.gather(*(one.trip(bench.path + query) for one in partners))


def told(what: str, trips: list[Trip], most: float | None) -> Iterator[Row]:
    taken_in, found = (
        [getattr(one, name) for one in trips] for name in ("taken_in", "found")
    )
    first = 100 * sum(one.polls == 1 for one in trips) / len(trips)
    yield Row.of(f"{what}: POST to 202, p50", median(taken_in), "ms")
    yield Row.of("the same, p99", p99(taken_in), "ms")
    name = f"POST to 302, of which {FIRST_POLL_MS:.0f} ms the client waits, p50"
    yield Row.of(name, median(found), "ms", most=most)
    yield Row.of("the same, p99", p99(found), "ms")
    yield Row.of("302 by the first poll", first, "%")


def downloads(bench: Bench) -> Iterator[Row]:
    """Time the results alone, in gzip: one at a time, and many at once."""
    alone = [asyncio.run(fetched(bench, 1)) for _ in range(DOWNLOADS)]
    together = asyncio.run(fetched(bench, DOWNLOADS))
    seconds, size = (median(each) for each in zip(*alone, strict=True))
    yield Row.of(f"its results, {size / 1e6:.2f} MB in gzip", 1000 * seconds, "ms")
    events = DOWNLOADS * 100_000 / together[0]
    yield Row.of(f"{DOWNLOADS} clients at once", events, "events/s")
    yield Row.of("the same, as sent", together[1] / together[0] / 1e6, "MB/s")


async def fetched(bench: Bench, clients: int) -> tuple[float, int]:
    """Return how many seconds it took until all had theirs, and the bytes."""
    trips = await at_once(bench, clients, PAGE)
    begun = perf_counter()
    pairs = zip(bench.partners, trips, strict=False)
    replies = await asyncio.gather(*(who.send("GET", t.results) for who, t in pairs))
    assert {one.status for one in replies} == {200}
    return since(begun) / 1000, sum(one.size for one in replies)


def refusals(bench: Bench) -> Iterator[Row]:
    who = bench.refused
    found = rate_of(who.port, who.head("POST", bench.path + PAGE), status=503)
    yield Row.of("503 to a client that hammers", found, "requests/s")
