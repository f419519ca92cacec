"""Of equal requests with one key one makes work, whoever else asks meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Event
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from tasks import idempotency, services
from tasks.idempotency import Answer, Asked, BadKey, KeyInUse, KeyReused, once, read
from tasks.models import Job, KeptReply
from tests.support.jobs import a_client
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def asked(
    key: str = "k1", *, scope: str = "a", route: str = "POST /x", body: bytes = b"{}"
) -> Asked:
    found = read(key, scope=scope, route=route, body=body)
    assert found
    return found


def makes_a_job(*, made: bool = True, status: int = 201) -> Callable[[], Answer]:
    """Return what queues a job and answers its id."""

    def act() -> Answer:
        job = services.enqueue("test.steps", client=a_client(), params={}, lane="lane")
        headers = {"Location": f"/jobs/{job.pk}"}
        return Answer(status, str(job.pk).encode(), headers, made=made)

    return act


def test_without_a_key_each_request_makes_work() -> None:
    assert read(None, scope="a", route="POST /x", body=b"") is None

    first, second = (once(None, makes_a_job()) for _ in range(2))

    assert first.body != second.body
    assert Job.objects.count() == 2
    assert not KeptReply.objects.exists()


def test_without_a_key_nothing_is_asked_of_the_database(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0):
        once(None, lambda: Answer(200, b""))


def test_the_second_request_gets_the_firsts_reply() -> None:
    first = once(asked(), makes_a_job())

    second = once(asked(), makes_a_job())

    assert (second.status, second.body) == (201, first.body)
    assert second.headers == {"Location": f"/jobs/{first.body.decode()}"}
    assert (first.replayed, second.replayed) == (False, True)
    assert Job.objects.count() == 1


def test_keys_of_two_scopes_are_two_keys() -> None:
    once(asked(scope="a"), makes_a_job())
    once(asked(scope="b"), makes_a_job())

    assert Job.objects.count() == 2


@pytest.mark.parametrize("other", [{"route": "POST /y"}, {"body": b"{ }"}])
def test_another_request_with_the_same_key_is_refused(other: dict[str, Any]) -> None:
    once(asked(), makes_a_job())

    with pytest.raises(KeyReused, match="used before, with another request"):
        once(asked(**other), makes_a_job())

    assert Job.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "\x7f", "é", "k" * 256, "a\n"])
def test_what_cannot_be_a_key(key: str) -> None:
    with pytest.raises(BadKey, match="1 to 255 visible ASCII characters"):
        asked(key)


@pytest.mark.parametrize("key", ["!", "~" * 255, '"8e03978e-40d5"'])
def test_what_can_be_a_key(key: str) -> None:
    once(asked(key), makes_a_job())

    assert once(asked(key), makes_a_job()).replayed


def test_an_answer_that_made_nothing_is_not_kept_but_what_was_written_is() -> None:
    refused = once(asked(), makes_a_job(made=False, status=200))

    assert refused.status == 200
    assert Job.objects.count() == 1
    assert not KeptReply.objects.exists()
    assert once(asked(), makes_a_job()).status == 201


def test_an_error_leaves_neither_work_nor_key() -> None:
    def breaks() -> Answer:
        makes_a_job()()
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        once(asked(), breaks)

    assert not Job.objects.exists()
    assert not KeptReply.objects.exists()
    assert not once(asked(), makes_a_job()).replayed


def test_an_answer_can_be_amended() -> None:
    once(asked(), makes_a_job())
    idempotency.amend(asked(), Answer(200, b"but", {"Content-Type": "text/plain"}))

    again = once(asked(), makes_a_job())

    assert (again.status, again.body) == (200, b"but")
    assert again.headers == {"Content-Type": "text/plain"}


def test_a_key_is_forgotten_in_time(settings: Settings) -> None:
    settings.IDEMPOTENCY_KEEP_HOURS = 2
    first = once(asked(), makes_a_job())
    KeptReply.objects.update(created_at=timezone.now() - timedelta(hours=1.9))
    assert once(asked(), makes_a_job()).body == first.body
    KeptReply.objects.update(created_at=timezone.now() - timedelta(hours=2.1))

    later = once(asked(body=b"another"), makes_a_job())

    assert later.body != first.body
    assert KeptReply.objects.count() == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_kept_no_longer_is_pruned(dry_run: bool) -> None:
    for key in "abc":
        once(asked(key), makes_a_job())
    old = KeptReply.objects.exclude(pk=asked("a").id)
    old.update(created_at=timezone.now() - timedelta(hours=25))

    pruned = idempotency.prune(at=timezone.now(), dry_run=dry_run)

    assert pruned == {"idempotency keys": 2}
    assert KeptReply.objects.count() == (3 if dry_run else 1)


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_at_once_one_makes_the_job() -> None:
    a_client()

    answers = at_once(16, lambda: once(asked(), makes_a_job()))

    assert Job.objects.count() == KeptReply.objects.count() == 1
    assert {answer.body for answer in answers} == {str(Job.objects.get().pk).encode()}
    assert sum(answer.replayed for answer in answers) == 15


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_that_come_after_an_expired_one_one_makes_the_job() -> None:
    once(asked(), makes_a_job())
    KeptReply.objects.update(created_at=timezone.now() - timedelta(days=2))

    answers = at_once(16, lambda: once(asked(), makes_a_job()))

    assert Job.objects.count() == 2
    assert sum(answer.replayed for answer in answers) == 15


@pytest.mark.django_db(transaction=True)
def test_when_the_first_gives_up_another_one_makes_the_job() -> None:
    a_client()
    numbers = count()

    def act() -> Answer:
        answer = makes_a_job()()
        if next(numbers) < 3:
            raise OSError("not yet")
        return answer

    def ask() -> bool:
        try:
            return once(asked(), act).replayed
        except OSError:
            return False

    at_once(16, ask)

    assert Job.objects.count() == KeptReply.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_would_wait_for_long_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, whatever the key")
    monkeypatch.setattr(idempotency, "WAIT_S", 1)
    a_client()
    begun, told = Event(), Event()

    def slow() -> Answer:
        begun.set()
        assert told.wait(30)
        return makes_a_job()()

    def first() -> Answer:
        try:
            return once(asked(), slow)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as aside:
        running = aside.submit(first)
        assert begun.wait(10)
        try:
            with pytest.raises(KeyInUse, match="still being answered"):
                once(asked(), makes_a_job())
        finally:
            told.set()
        made = running.result()

    assert once(asked(), makes_a_job()).body == made.body
    assert Job.objects.count() == 1
