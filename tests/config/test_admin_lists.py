"""Lists in the admin send no query whose cost grows with the rows."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from exports.models import ShareQuery
from registry.models import Event, EventDelivery, Revision, Subscription
from tasks.engine.moves import note
from tasks.many_rows import ManyRowsAdmin
from tasks.models import Asset, JobEvent, Task
from tasks.roles import Role
from tests.support.common import an_artifact
from tests.support.delivering import a_delivery
from tests.support.exporting import closed_world
from tests.support.jobs import a_client, a_job
from tests.support.many import fill
from tests.support.sharing import a_share
from tests.support.staff import page, queries, signed_in

ROWS = 6
LISTS = {
    "/admin/tasks/job/": "?state__exact=failed&kind=exports.export",
    "/admin/tasks/jobevent/": "",
    "/admin/tasks/artifact/": "?q=abcdef",
    "/admin/tasks/task/": "?phase__exact=CREATED",
    "/admin/tasks/asset/": "?q=0123456789",
    "/admin/exports/exporttask/": "?job__state__exact=failed",
    "/admin/exports/delivery/": "?job__state__exact=failed",
    "/admin/exports/sharequery/": "?is_count__exact=0",
    "/admin/registry/revision/": "?state__exact=failed",
    "/admin/registry/pipeline/": "?q=client-1/prices-1/1/data",
    "/admin/registry/output/": "",
    "/admin/registry/eventdelivery/": "?job__state__exact=failed",
}
LIMITED = re.compile(r"\bLIMIT (\d+)")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False
    with closed_world(tmp_path):
        yield


@pytest.fixture
def _rows() -> None:
    """Make some rows in each of the lists."""
    fill(40)
    client = a_client()
    for number in range(ROWS):
        note(a_job(), JobEvent.Kind.NOTE, text="a line")
        a_delivery("http://box.example/in")
        task = Task.objects.create(client=client, processor="archive")
        Asset.objects.create(
            task=task,
            number=0,
            name="a",
            file_name="a",
            url="http://a.example/",
            key="k",
        )
        an_artifact(b"%d" % number, f"{number}.txt", "text/plain")
        ShareQuery.objects.create(
            share=a_share(f"stream-{number}"),
            client=client,
            asked={},
            finished_at=timezone.now(),
        )
    _deliveries_of_events()


def _deliveries_of_events() -> None:
    for revision in Revision.objects.select_related("dataset")[:ROWS]:
        event = Event.objects.create(revision=revision, body={"status": "OK"})
        target = Subscription.objects.create(
            owner="me", url="http://a.example/", secret="s"
        )
        EventDelivery.objects.create(event=event, subscription=target, job=a_job())


def most_rows(statement: str) -> int | None:
    """Return how many rows a statement reads or counts at most, if it says so."""
    found = LIMITED.search(statement)
    return int(found[1]) if found else None


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.usefixtures("_rows")
def test_a_list_counts_and_reads_no_more_than_it_says(url: str) -> None:
    staff = signed_in(Role.VIEWER)

    for query in ("", LISTS[url], "?q=nobody"):
        with queries() as sent:
            page(staff, url + query)

        counts = [one for one in sent if one.startswith("SELECT COUNT(")]
        for one in counts:
            assert most_rows(one) == 10_001, one
        assert not [one for one in sent if "DISTINCT" in one.upper()], sent
        assert len(sent) <= 10, sent


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.usefixtures("_rows")
def test_a_list_asks_as_often_for_many_rows_as_for_one(url: str) -> None:
    staff = signed_in(Role.VIEWER)
    with queries() as of_all:
        page(staff, url)
    with queries() as of_none:
        page(staff, f"{url}?q=nobody")

    assert len(of_all) <= len(of_none) + 3


def test_these_are_all_lists_that_grow_for_ever() -> None:
    served: set[Any] = {
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for model, page in admin.site._registry.items()
        if isinstance(page, ManyRowsAdmin)
    }

    small = {
        "/admin/tasks/apikey/",
        "/admin/tasks/workerhost/",
        "/admin/registry/dataset/",
        "/admin/exports/eventstream/",
        "/admin/exports/share/",
    }
    assert served - small == set(LISTS)


def test_an_unknown_filter_is_no_error(client: Client) -> None:
    staff = signed_in(Role.VIEWER, client)

    assert staff.get("/admin/tasks/job/?nonsense=1").status_code == 302
