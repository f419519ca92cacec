"""What a door can tell of a client's quota, without asking for it."""

import pytest

from tasks import quota, services
from tasks.errors import TooManyJobs
from tests.support.jobs import a_client, a_job

pytestmark = pytest.mark.django_db


def test_nothing_is_told_where_no_work_was_asked_for() -> None:
    with quota.noting() as noted:
        pass

    assert noted.headers() == {}


def test_what_is_left_is_told_after_each_job() -> None:
    client = a_client()
    client.max_open_jobs = 3
    client.save()

    with quota.noting() as noted:
        for left in (2, 1, 0):
            services.enqueue("test.steps", client=client, params={}, lane="lane")
            assert noted.headers() == {
                "RateLimit-Policy": '"open-jobs";q=3',
                "RateLimit": f'"open-jobs";r={left}',
            }
        with pytest.raises(TooManyJobs):
            services.enqueue("test.steps", client=client, params={}, lane="lane")

    assert noted.headers(retry_after_s="7")["RateLimit"] == '"open-jobs";r=0;t=7'


def test_what_follows_from_other_work_is_no_matter_of_the_quota() -> None:
    with quota.noting() as noted:
        services.enqueue(
            "test.steps", client=a_client(), params={}, lane="lane", internal=True
        )

    assert noted.headers() == {}


def test_one_request_does_not_see_anothers() -> None:
    with quota.noting() as first:
        a_job()
    with quota.noting() as second:
        pass

    assert first.headers() != {}
    assert second.headers() == {}


def test_without_anybody_who_notes_work_is_taken_in_all_the_same() -> None:
    assert a_job().state == "queued"
