"""GET /api/v1/status."""

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from tasks.models import Phase
from tests.support.common import Api, Issuer, put_phase

pytestmark = pytest.mark.django_db

STATUS = "/api/v1/status"


def test_anybody_may_know_how_many_tasks_are_not_finished(
    client: Client, alice: Api
) -> None:
    for phase in Phase:
        put_phase(alice.create(), phase, result_type="JSON")

    reply = Api(client).ask("GET", STATUS)

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert reply.body == (
        b"# HELP pending_tasks_total Tasks that are not finished.\n"
        b"# TYPE pending_tasks_total gauge\n"
        b"pending_tasks_total 4\n"
    )


def test_prometheus_can_read_it(client: Client) -> None:
    text = Api(client).ask("GET", STATUS).body.decode()

    (family,) = text_string_to_metric_families(text)
    assert (family.name, family.type) == ("pending_tasks_total", "gauge")
    assert [(one.name, one.value) for one in family.samples] == [
        ("pending_tasks_total", 0.0)
    ]


def test_it_costs_one_query_and_no_token_is_looked_at(
    client: Client,
    issuer: Issuer,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    hits = issuer.hits
    with django_assert_num_queries(1):
        reply = Api(client, "no.good.token").ask("GET", STATUS)

    assert (reply.status, issuer.hits) == (200, hits)
