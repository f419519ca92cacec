"""GET /source/{owner}/{dataset}/diff/{a}/{b}: what changed between two revisions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registry import history
from registry.models import Comparison, Revision
from registry.states import RunState
from tasks import services
from tasks.models import Identity, Job
from tasks.states import JobState
from tests.support.history import KEYED, a_revision, a_spec, answer, ask, private
from tests.support.sources import Sources
from tests.support.specstore import Json, run_jobs, spec_of, table, token_of, uploaded

ONE = b"n,m\n1,x\n2,y\n3,z\n"
TWO = b"n,m\n1,x\n2,Y\n4,w\n"
COUNTS = ("added", "removed", "changed")

pytestmark = pytest.mark.django_db(transaction=True)


def two_revisions(spec: Json | None = None) -> None:
    a_revision(ONE, spec)
    a_revision(TWO, spec)


def test_the_specs_at_once_and_the_rows_when_a_worker_has_compared_them(
    client: Client,
) -> None:
    a_revision(ONE)
    a_revision(TWO, a_spec(schedule="every 1d"))

    first = ask(client, "1/2")

    spec = {
        "added": [{"path": "schedule", "value": "every 1d"}],
        "removed": [],
        "changed": [],
        "counts": {"added": 1, "removed": 0, "changed": 0},
    }
    assert (first.status, first.headers["Retry-After"]) == (202, "1")
    assert first.headers["Content-Type"] == "application/json"
    assert first.json == {
        "before": "me/id/1",
        "after": "me/id/2",
        "spec": spec,
        "data": {"a": None},
    }
    run_jobs()
    second = ask(client, "1/2")
    assert second.status == 200
    assert "Retry-After" not in second.headers
    assert second.json == {
        "before": "me/id/1",
        "after": "me/id/2",
        "spec": spec,
        "data": {
            "a": {
                "state": "compared",
                "rows": {"before": 3, "after": 3},
                "added": 1,
                "removed": 1,
                "changed": 1,
                "key": ["n"],
                "columns": {"added": [], "removed": [], "reordered": False},
                "file": "/datasets/me/id/diff/1/2/a.csv",
            }
        },
    }


def test_revisions_have_words_for_numbers(client: Client) -> None:
    two_revisions()
    a_revision(b"", state=RunState.FAILED)

    found = answer(client, "1/successful")

    assert (found["before"], found["after"]) == ("me/id/1", "me/id/2")
    assert found["data"]["a"]["file"] == "/datasets/me/id/diff/1/2/a.csv"
    assert ask(client, "latest/1").json["before"] == "me/id/3"


def test_the_way_back_is_another_comparison(client: Client) -> None:
    two_revisions()
    assert answer(client, "1/2")["data"]["a"]["changed"] == 1

    assert ask(client, "2/1").status == 202


def test_equal_files_are_told_at_once(client: Client) -> None:
    a_revision(ONE)
    a_revision(ONE)

    reply = ask(client, "1/2")

    assert reply.status == 200
    assert reply.json["data"]["a"] == {
        "state": "equal",
        "rows": {"before": 3, "after": 3},
        "added": 0,
        "removed": 0,
        "changed": 0,
    }
    assert not Comparison.objects.exists()


def test_what_was_found_is_shared_by_revisions_with_the_same_files(
    client: Client,
) -> None:
    two_revisions()
    answer(client, "1/2")
    a_revision(ONE)

    reply = ask(client, "3/2")

    assert reply.status == 200
    assert reply.json["data"]["a"]["file"] == "/datasets/me/id/diff/3/2/a.csv"
    assert Comparison.objects.count() == 1


def test_without_a_primary_key_whole_rows_are_compared_and_it_says_so(
    client: Client,
) -> None:
    two_revisions(a_spec(schema={"fields": [{"name": "n"}, {"name": "m"}]}))

    found = answer(client)["data"]["a"]

    assert [found[word] for word in COUNTS] == [2, 2, 0]
    assert found["key"] is None
    assert found["note"].startswith("There is no primary key: whole rows")


def test_a_key_that_is_not_in_both_tables_is_no_key(client: Client) -> None:
    schema = {"fields": [{"name": "k"}, {"name": "m"}], "primaryKey": "k"}
    a_revision(ONE)
    a_revision(b"k,m\n1,x\n", a_spec(schema=schema))

    found = answer(client)["data"]["a"]

    assert found["key"] is None
    assert "(k) is not in both tables" in found["note"]
    assert found["columns"] == {"added": ["k"], "removed": ["n"], "reordered": False}


def test_tables_that_came_and_went_need_no_comparison(client: Client) -> None:
    a_revision(ONE, a_spec("old"))
    a_revision(ONE, a_spec("new"))

    reply = ask(client, "1/2")

    assert reply.status == 200
    assert reply.json["data"] == {
        "new": {"state": "added", "rows": {"before": None, "after": 3}},
        "old": {"state": "removed", "rows": {"before": 3, "after": None}},
    }


def test_a_table_that_is_still_being_made_is_waited_for(
    client: Client, sources: Sources
) -> None:
    a_revision(ONE)
    spec = spec_of(table("a", sources.put("/a.csv", TWO), schema=KEYED))
    uploaded(client, spec)

    reply = ask(client, "1/2")

    assert (reply.status, reply.json["data"]) == (202, {"a": None})
    assert not Comparison.objects.exists()
    run_jobs()
    assert answer(client)["data"]["a"]["changed"] == 1


def test_a_table_that_could_not_be_made_is_told(client: Client) -> None:
    a_revision(ONE)
    a_revision(b"", state=RunState.FAILED)

    reply = ask(client, "1/2")

    assert reply.status == 200
    assert reply.json["data"]["a"] == {
        "state": "unknown",
        "error": "me/id/2/a_csv has failed and left no file here.",
    }


def test_a_table_without_columns_is_compared_too(client: Client) -> None:
    a_revision(b"")
    a_revision(ONE)

    found = answer(client)["data"]["a"]

    assert [found[word] for word in COUNTS] == [3, 0, 0]
    assert found["columns"]["added"] == ["n", "m"]


def test_of_many_who_ask_at_once_one_starts_it(client: Client) -> None:
    two_revisions()

    def request(_: int) -> int:
        try:
            return ask(Client(), "1/2").status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(request, range(16)))

    assert set(statuses) == {202}
    assert Job.objects.filter(kind=history.JOB_KIND).count() == 1


def test_comparisons_of_an_owner_wait_for_room_and_are_not_refused(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_WAITING", 1)
    two_revisions()
    assert ask(client, "1/2").status == 202

    crowded = ask(client, "2/1")

    assert (crowded.status, crowded.headers["Retry-After"]) == (202, "5")
    assert Comparison.objects.count() == 1
    run_jobs()
    assert answer(client, "2/1")["data"]["a"]["changed"] == 1


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_comparison_that_failed_says_why(client: Client, state: JobState) -> None:
    two_revisions()
    ask(client, "1/2")
    job = Job.objects.filter(kind=history.JOB_KIND)
    error = "It broke." if state == JobState.FAILED else ""
    job.update(state=state, due_at=None, error=error)

    reply = ask(client, "1/2")

    assert reply.status == 200
    assert reply.json["data"]["a"] == {
        "state": "unknown",
        "error": error or "It was cancelled.",
    }


def test_a_file_that_is_gone_is_told(client: Client) -> None:
    two_revisions()
    ask(client, "1/2")
    Comparison.objects.update(before="0" * 64)

    run_jobs()

    error = ask(client, "1/2").json["data"]["a"]["error"]
    assert error == "One of the files is no longer kept."


def test_a_comparison_that_was_pruned_before_its_turn_ends_quietly(
    client: Client,
) -> None:
    two_revisions()
    ask(client, "1/2")
    Comparison.objects.all().delete()

    run_jobs()

    assert Job.objects.get(kind=history.JOB_KIND).state == JobState.SUCCEEDED


def test_a_private_revision_is_compared_for_its_owner_alone(client: Client) -> None:
    a_revision(ONE)
    a_revision(TWO, private(a_spec()))

    assert ask(client, "1/1").status == 200
    for words in ("1/2", "2/1", "2/2"):
        assert ask(client, words).status == 404
        assert ask(client, words, Auth_Token=token_of("you")).status == 404
        assert ask(client, words, Auth_Token=token_of("me")).status in {200, 202}
    owner = services.client_of(Identity.Scheme.JWT, "me")
    _, key = services.create_key(client=owner, scopes=["datasets"])
    assert ask(client, "2/2", Authorization=f"Token {key}").status == 200


@pytest.mark.parametrize("words", ["1/9", "9/1", "0/1", "1/x", "1/%00", "x/latest"])
def test_what_is_not_there_is_not_found_in_json(client: Client, words: str) -> None:
    a_revision(ONE)

    reply = ask(client, words)

    assert reply.status == 404
    assert reply.json["error"] == "Not Found"
    assert "There is no revision" in reply.json["message"]


def test_the_number_of_queries_does_not_grow_with_the_tables(
    client: Client,
    sources: Sources,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    two_revisions(a_spec(*"abcdef"))
    assert len(answer(client)["data"]) == 6

    with django_assert_max_num_queries(6):
        assert ask(client, "1/2").status == 200


def test_an_answer_stays_when_its_job_is_pruned(client: Client) -> None:
    two_revisions()
    answer(client)
    Job.objects.filter(finished_at__lt=timezone.now() + timedelta(1)).delete()

    assert ask(client, "1/2").status == 200


def test_a_spec_that_would_not_be_taken_today_has_no_keys(client: Client) -> None:
    two_revisions()
    Revision.objects.update(spec={"meta": {"ownerid": "me"}})

    found = answer(client)["data"]["a"]

    assert found["key"] is None
    assert [found[word] for word in COUNTS] == [2, 2, 0]
