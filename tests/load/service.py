"""A live service on one machine, its people, and a source of whatever is fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.test import override_settings

from tasks.archive import stored
from tests.security.people import Person, a_person
from tests.support.backends import bound_to, own_database
from tests.support.databox import SECRET, echoes
from tests.support.idp import AUDIENCE, Idp
from tests.support.processes import proc
from tests.support.sources import Sources
from tests.support.specstore import public_key
from tests.support.web import Web, up

PEOPLE = ("ann", "ben", "cem", "dee")
PAGE_BYTES = 4096


@dataclass(frozen=True)
class Served:
    service: Web
    idp: Idp
    sources: Sources
    people: list[Person]

    @property
    def memory_mb(self) -> float:
        """Return the resident memory of all its processes, shared pages once each."""
        tree = proc(self.service.popen.pid).tree
        return sum(_private_mb(one.pid) for one in tree)


def _private_mb(pid: int) -> float:
    """Return the memory that is one process' own, and its share of the rest."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(text.partition("\nPss:")[2].split()[0]) / 1024


@contextmanager
def served(
    backend: str, folder: Path, *, web: int = 2, workers: int = 2
) -> Iterator[Served]:
    with (
        Idp() as idp,
        Sources() as sources,
        own_database(backend, folder) as url,
        bound_to(url),
        override_settings(
            STORE_URL=str(folder / "store"), SCRATCH_DIR=folder / "scratch"
        ),
    ):
        stored.store.cache_clear()
        sources.put("/t.csv", b"n,m\n" + b"1,two\n" * 500)
        sources.put("/asset.bin", b"x" * 10_000)
        sources.act("/box", echoes())
        people = [a_person(name, idp) for name in PEOPLE]
        for one in people:
            one.client.destinations = [sources.url("/box")]
            one.client.max_open_jobs = 100_000
            one.client.save()
        with up(
            folder,
            web=web,
            DATABASE_URL=url,
            WORKERS=str(workers),
            SECRET_KEY=settings.SECRET_KEY,
            MACAROON_SECRET=SECRET,
            AUTH_PUBLIC_KEY=public_key(),
            OIDC_ISSUER=idp.issuer,
            OIDC_AUDIENCE=AUDIENCE,
            OUTBOUND_ALLOW_NETS="127.0.0.0/8",
            OUTBOUND_PORTS="any",
        ) as service:
            yield Served(service, idp, sources, people)
        stored.store.cache_clear()
