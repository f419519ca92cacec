"""Planted secrets are in no log, in no page, and in no column that need not have it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tasks.outbound.policy import parse_policy
from tests.security.house import session_of
from tests.security.planted import KEPT, SHOWN, Planted
from tests.security.routes import admin_paths
from tests.security.tally import Tally
from tests.support.backends import bound_to, own_database
from tests.support.databox import SECRET
from tests.support.idp import AUDIENCE, Idp
from tests.support.sources import Sources
from tests.support.specstore import public_key
from tests.support.web import up

pytestmark = [pytest.mark.live, pytest.mark.whole]

ROWS_SHOWN = 8
NOWHERE = "nowhere"
LOOPBACK = parse_policy(allow_nets="127.0.0.0/8", ports="any")


@pytest.fixture(scope="module")
def planted(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
    _templates: None,
) -> Iterator[tuple[Planted, Path]]:
    """Run a service in a production's settings, with everything said to it once."""
    folder = tmp_path_factory.mktemp("planted")
    database = f"postgres://reader:{'p' * 4}lanteddatabase@127.0.0.1:1/none"
    operators: dict[str, Any] = {
        "SECRET_KEY": settings.SECRET_KEY,
        "MACAROON_SECRET": SECRET,
        "OIDC_CLIENT_SECRET": "planted-client-secret",
        "SOURCE_DATABASES": f'{{"sales": {{"url": "{database}", "tables": "*"}}}}',
        "INCIDENT_URL": "http://127.0.0.1:9/incidents?api_key=planted-incident-key",
    }
    with (
        django_db_blocker.unblock(),
        Sources() as sources,
        Idp() as idp,
        own_database("sqlite", folder) as url,
        bound_to(url),
        override_settings(OUTBOUND=LOOPBACK, MACAROON_SECRET=SECRET),
        up(
            folder,
            DATABASE_URL=url,
            LOG_LEVEL="DEBUG",
            AUTH_PUBLIC_KEY=public_key(),
            OIDC_ISSUER=idp.issuer,
            OIDC_AUDIENCE=AUDIENCE,
            OUTBOUND_ALLOW_NETS="127.0.0.0/8",
            OUTBOUND_PORTS="any",
            **operators,
        ) as service,
    ):
        made = Planted(service, sources, idp)
        made.said |= {
            "SECRET_KEY": operators["SECRET_KEY"],
            "MACAROON_SECRET": SECRET,
            "OIDC_CLIENT_SECRET": "planted-client-secret",
            "database's password": f"{'p' * 4}lanteddatabase",
            "INCIDENT_URL's key": "planted-incident-key",
        }
        made.run_all()
        yield made, folder


def test_no_secret_is_in_the_log(
    planted: tuple[Planted, Path], tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("leaks: secrets in the log at DEBUG")
    log = (planted[1] / "up.log").read_text(errors="replace")
    assert log
    _look(planted[0], tally, {"the log": log})
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_no_secret_is_on_a_page_of_the_admin(
    planted: tuple[Planted, Path], tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("leaks: secrets on the admin's pages")
    session = session_of(User.objects.get(username="root"))
    pages = {}
    for path in [*(p for p in admin_paths() if "logout" not in p), *_rows()]:
        reply = planted[0].ask("GET", path, **session)
        assert reply.status_code < 500, path
        pages[path] = reply.text
    _look(planted[0], tally, pages)
    assert tally.wrong == [], "\n".join(tally.wrong)


def _rows() -> Iterator[str]:
    """Give the pages of some rows of each model that the admin has."""
    for model in apps.get_models():
        meta = model._meta
        for pk in model._default_manager.values_list("pk", flat=True)[:ROWS_SHOWN]:
            row = f"/admin/{meta.app_label}/{meta.model_name}/{pk}"
            yield f"{row}/change/"
            yield f"{row}/history/"


def test_no_secret_is_in_a_column_that_need_not_have_it(
    planted: tuple[Planted, Path], tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("leaks: secrets in a dump of the database")
    columns = dict(_dump())
    for what, secret in planted[0].said.items():
        tally.tried += 1
        found = {name for name, text in columns.items() if secret in text}
        tally.leaked += [f"{what} in {one}" for one in found - KEPT.get(what, set())]
    assert tally.wrong == [], "\n".join(tally.wrong)


def _dump() -> Iterator[tuple[str, str]]:
    """Give all that each column of each table holds."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {quote(table)}")
            names = [one[0] for one in cursor.description or ()]
            rows = cursor.fetchall()
            for place, name in enumerate(names):
                yield f"{table}.{name}", "\n".join(str(row[place]) for row in rows)


def test_no_secret_is_told_by_an_open_page(
    planted: tuple[Planted, Path], tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("leaks: secrets in metrics and in the jobs' own words")
    made = planted[0]
    auth = {"Authorization": f"Bearer {made.said['API key']}"}
    jobs = made.ask("GET", "/jobs?limit=200", **auth)
    pages = {"/jobs": jobs.text, "/metrics": made.ask("GET", "/metrics").text}
    for job in jobs.json()["jobs"]:
        path = f"/jobs/{job['id']}/events"
        pages[path] = made.ask("GET", path, **auth).text
    _look(made, tally, pages)
    assert tally.wrong == [], "\n".join(tally.wrong)


def _look(made: Planted, tally: Tally, pages: dict[str, str]) -> None:
    for path, text in pages.items():
        for what, secret in made.said.items():
            tally.tried += 1
            if secret in text and not path.startswith(SHOWN.get(what, NOWHERE)):
                tally.leaked.append(f"{what} on {path}")


def test_the_secrets_were_used(planted: tuple[Planted, Path]) -> None:
    seen = [one for requests_ in planted[0].sources.seen.values() for one in requests_]
    told = str(seen)

    for what in KEPT.keys() - {"delivery's data", "subscription's secret"}:
        assert planted[0].said[what] in told, what
    assert planted[0].said["source's header"] in told
