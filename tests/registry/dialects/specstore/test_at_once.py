"""Uploads of one owner at the same moment, the owner's very first ones included."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from registry.models import Dataset, Revision
from tasks.models import Client as Owner
from tests.support.specstore import Json, post, spec_of, table

pytestmark = pytest.mark.django_db(transaction=True)


def upload(spec: Json) -> Any:
    try:
        return post(Client(), spec)
    finally:
        connection.close()


def uploaded_at_once(*specs: Json) -> list[Any]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(upload, specs, timeout=60))


def test_each_gets_its_own_number() -> None:
    spec = spec_of(table("a", "http://example.com/a.csv"))

    replies = uploaded_at_once(*[spec] * 8)

    assert [reply["errors"] for reply in replies] == [[]] * 8
    flows = sorted(reply["flow_id"] for reply in replies)
    assert flows == [f"me/id/{number}" for number in range(1, 9)]
    assert Owner.objects.count() == Dataset.objects.count() == 1
    assert Dataset.objects.get().newest == Revision.objects.count() == 8


def test_no_more_datasets_come_in_than_there_is_room_for() -> None:
    specs = [spec_of(dataset=f"d{number}") for number in range(8)]

    replies = uploaded_at_once(*specs)

    assert sum(reply["success"] for reply in replies) == 2
    assert Dataset.objects.count() == 2
