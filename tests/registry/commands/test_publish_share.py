"""manage.py publish_share OWNER/DATASET: the share's id alone is printed."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from exports.models import Share
from tests.support.jobs import a_client
from tests.support.sources import Sources, csv_of
from tests.support.specstore import run_to_end, spec_of, table

ROWS = csv_of([("n", "at"), ("1", "2026-01-02")])

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _dataset(client: Client, sources: Sources) -> None:
    tables = [
        table(name, sources.put(f"/{name}.csv", ROWS), "n", "at") for name in ("a", "b")
    ]
    run_to_end(client, spec_of(*tables))


def publish(*arguments: str) -> Share:
    out = io.StringIO()
    call_command("publish_share", *arguments, stdout=out, stderr=io.StringIO())
    return Share.objects.select_related("stream").get(pk=out.getvalue().strip())


def test_a_share_is_made_with_all_its_terms() -> None:
    alice, bob = a_client("alice"), a_client("bob")

    share = publish(
        *("me/id", "--resource", "b", "--kind", "notification"),
        *("--client", "alice", "--client", "bob", "--time-key", "at"),
        *("--keys", "n,at", "--filter", "n = 1", "--row-limit", "10"),
        *("--start", "2026-01-01", "--end", "2026-02-01T12:00+01:00"),
        *("--expires", "30"),
    )

    assert (share.stream.name, share.stream.time_key) == ("me/id#b", "at")
    assert set(share.clients.all()) == {alice, bob}
    assert (share.kind, share.keys, share.filter) == (
        "notification",
        ["n", "at"],
        "n = 1",
    )
    assert share.row_limit == 10
    assert share.window_start == datetime(2026, 1, 1, tzinfo=UTC)
    assert share.window_end == datetime(2026, 2, 1, 11, tzinfo=UTC)
    assert share.expires_at is not None
    assert timedelta(days=29) < share.expires_at - timezone.now() < timedelta(days=31)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["me/other"], "There is no data set 'me/other'."),
        (["nonsense"], "There is no data set 'nonsense'."),
        (["me/id"], "--resource must be one of its tables: a, b."),
        (["me/id", "--resource", "c"], "me/id has no table 'c' in a revision yet."),
        (["me/id", "--resource", "a", "--client", "x"], "There is no client 'x'"),
        (["me/id", "--resource", "a", "--filter", "n ="], "--filter: "),
        (["me/id", "--resource", "a", "--row-limit", "0"], "--row-limit must be 1 to"),
        (["me/id", "--resource", "a", "--expires", "0"], "--expires must be 1 to"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_made(
    arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError) as refused:
        publish(*arguments)

    assert str(refused.value).startswith(message)
    assert not Share.objects.exists()
