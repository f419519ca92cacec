"""The commands: the thing alone on stdout, words on stderr, non-zero on failure."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.utils import timezone
from pytest_django import Settings

from tasks import services
from tasks.models import ApiKey, Client

pytestmark = pytest.mark.django_db


class Said:
    """A command that was run: what it said on each stream."""

    def __init__(self, *words: str) -> None:
        out, err = StringIO(), StringIO()
        call_command(*words, stdout=out, stderr=err)
        self.out, self.err = out.getvalue(), err.getvalue()


def test_a_client_is_made_and_named_alone_on_stdout() -> None:
    said = Said("create_client", "alice")

    assert (said.out, said.err) == ("alice\n", "")
    assert Client.objects.get().destinations == []


def test_a_client_is_made_with_its_destinations() -> None:
    urls = ["https://a.example/in", "https://b.example/in"]
    words = [word for url in urls for word in ("--destination", url)]

    Said("create_client", "alice", *words)

    assert Client.objects.get().destinations == urls


def test_a_name_is_given_once() -> None:
    Said("create_client", "alice")

    with pytest.raises(CommandError, match="There is a client 'alice' already"):
        Said("create_client", "alice")


def test_a_key_is_printed_alone_on_stdout() -> None:
    services.create_client(name="alice")

    said = Said("create_key", "alice", "--scope", "jobs", "--scope", "export")

    key = services.find_key(said.out.removesuffix("\n"), scope="jobs")
    assert key is not None
    assert key.scopes == ["export", "jobs"]
    assert said.err == "For alice, scopes export, jobs, until revoked.\n"


def test_a_key_may_expire() -> None:
    services.create_client(name="alice")

    Said("create_key", "alice", "--scope", "jobs", "--expires", "7")

    left = (ApiKey.objects.get().expires_at or timezone.now()) - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


@pytest.mark.parametrize("days", ["0", "-1", "36501", "999999999999"])
def test_a_key_that_would_never_or_always_be_expired_is_refused(days: str) -> None:
    services.create_client(name="alice")

    with pytest.raises(CommandError, match="--expires must be"):
        Said("create_key", "alice", "--scope", "jobs", "--expires", days)

    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["bob", "--scope", "jobs"], "There is no client 'bob'"),
        (["alice"], "--scope"),
        (["alice", "--scope", "everything"], "invalid choice"),
        (["alice", "--scope", "jobs", "--expires", "soon"], "invalid int value"),
    ],
)
def test_a_key_asked_for_wrongly_is_refused(words: list[str], complaint: str) -> None:
    services.create_client(name="alice")

    with pytest.raises(CommandError, match=complaint):
        Said("create_key", *words)


@pytest.mark.parametrize("workers", ["0", "-3"])
def test_a_host_without_workers_is_refused(workers: str) -> None:
    with pytest.raises(CommandError, match="1 or more"):
        Said("work", "--workers", workers)


def test_a_host_has_as_many_workers_as_the_settings_say(settings: Settings) -> None:
    settings.WORKERS = 5
    parser = load_command_class("tasks", "work").create_parser("manage.py", "work")

    assert parser.parse_args([]).workers == 5
    assert parser.parse_args(["--workers", "3"]).workers == 3


@pytest.mark.parametrize("command", ["up", "web"])
def test_others_are_not_served_before_the_hosts_are_named(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)

    with pytest.raises(CommandError, match="ALLOWED_HOSTS must name the hosts"):
        call_command(command, host="0.0.0.0")


def test_no_web_process_at_all_is_no_number() -> None:
    with pytest.raises(CommandError, match="--processes must be 1 or more"):
        call_command("web", processes=0)
