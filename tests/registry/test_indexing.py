"""What a search finds of a dataset, by its newest success (contract 3.1.6)."""

from typing import Any

import pytest
from django.test import Client

from registry.models import Dataset
from tasks import services
from tasks.models import Job
from tasks.states import JobState
from tests.support.sources import Sources
from tests.support.specstore import Json, run_jobs, run_to_end, spec_of, table, uploaded

pytestmark = pytest.mark.django_db(transaction=True)


def titled(
    title: object, *resources: Json, findability: str = "published", **words: Any
) -> Json:
    spec = spec_of(*resources)
    spec["meta"]["findability"] = findability
    spec["inputs"][0]["parameters"]["descriptor"] |= {"title": title, **words}
    return spec


def failing(sources: Sources) -> Json:
    return table("a", sources.fails("/a.csv", "404 Not Found"), "n")


def found() -> list[str]:
    """Return the titles that a stranger finds."""
    listed = Dataset.objects.all().listed()
    return [one.title for one in listed]


def test_a_success_is_found_by_its_words(client: Client) -> None:
    spec = titled("Vix", description="Daily", readme="# About")

    run_to_end(client, spec)

    dataset = Dataset.objects.get()
    words = (dataset.title, dataset.description, dataset.readme)
    assert words == ("Vix", "Daily", "# About")
    assert found() == ["Vix"]
    assert [one.title for one in Dataset.objects.all().with_words("vix")] == ["Vix"]


@pytest.mark.parametrize("findability", ["unlisted", "private"])
def test_a_success_is_listed_by_its_findability(
    client: Client, findability: str
) -> None:
    run_to_end(client, titled("Vix", findability=findability))

    assert (found(), Dataset.objects.get().listed) == ([], True)


def test_nothing_is_listed_before_it_ends(client: Client) -> None:
    uploaded(client, titled("Vix"))

    assert found() == []


def test_a_failed_first_revision_is_known_but_not_listed(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, titled("Vix", failing(sources)))

    assert (found(), Dataset.objects.get().title) == ([], "Vix")
    assert Dataset.objects.get().findability == "published", "as its spec says"


def test_a_failed_private_one_stays_private(client: Client, sources: Sources) -> None:
    run_to_end(client, titled("Vix", failing(sources), findability="private"))

    assert Dataset.objects.get().findability == "private"


def test_a_later_failure_changes_no_word(client: Client, sources: Sources) -> None:
    run_to_end(client, titled("Good"))

    uploaded(client, titled("Bad", failing(sources)))
    assert found() == ["Good"]
    run_jobs()

    assert found() == ["Good"]


def test_a_later_success_changes_them(client: Client) -> None:
    run_to_end(client, titled("One", description="first"))
    run_to_end(client, titled("Two"))

    assert found() == ["Two"]
    assert Dataset.objects.get().description == ""


def test_an_older_revision_that_ends_late_changes_nothing(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, titled("Old", failing(sources)))
    run_to_end(client, titled("New"))
    sources.put("/a.csv", b"n\n1\n")

    services.retry(Job.objects.get(kind="registry.pipeline", state=JobState.FAILED))
    run_jobs()

    assert found() == ["New"]


def test_what_was_private_is_listed_by_the_first_public_success(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, titled("Secret", findability="private"))

    run_to_end(client, titled("Open", failing(sources)))
    assert found() == []
    run_to_end(client, titled("Open"))

    assert found() == ["Open"]


def test_what_becomes_private_is_found_no_more_at_once(client: Client) -> None:
    run_to_end(client, titled("Open"))

    uploaded(client, titled("Secret", findability="private"))

    assert found() == []


@pytest.mark.parametrize(
    ("title", "kept"), [("x" * 600, "x" * 500), (None, ""), (42, "42")]
)
def test_any_title_is_one(client: Client, title: object, kept: str) -> None:
    run_to_end(client, titled(title))

    assert found() == [kept]
