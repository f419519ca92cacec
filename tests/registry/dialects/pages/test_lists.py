"""GET / and GET /datasets/{owner}: the lists of data sets, as pages."""

import pytest
from django.test import Client
from django.utils import timezone

from registry.models import Dataset
from tasks import services
from tasks.models import Identity
from tests.support.reading_pages import read
from tests.support.specstore import token_of

pytestmark = pytest.mark.django_db


def a_dataset(name: str, *, owner: str = "me", **fields: object) -> Dataset:
    whole = {"findability": "published", "listed": True, "title": name, "newest": 1}
    client = services.client_of(Identity.Scheme.JWT, owner)
    made = Dataset(owner=owner, name=name, client=client, **{**whole, **fields})
    made.save()
    return made


def names(links: list[str]) -> list[str]:
    return [link for link in links if link.count("/") == 3]


def test_the_first_page_shows_what_is_public_and_listed_newest_first(
    client: Client,
) -> None:
    a_dataset("older")
    a_dataset("newer", owner="you", description="About it.")
    a_dataset("hidden", findability="private")
    a_dataset("quiet", findability="unlisted")
    a_dataset("failed", listed=False)

    page = read(client, "/")

    assert page.status == 200
    assert names(page.links) == ["/datasets/you/newer", "/datasets/me/older"]
    assert "About it." in page.text
    assert {"/export/new", "/docs", "/admin/"} <= set(page.links)


def test_the_first_page_of_an_empty_service_says_so(client: Client) -> None:
    assert "Nothing has been published yet." in read(client, "/").text


def test_a_search_finds_words_in_names_and_titles(client: Client) -> None:
    a_dataset("vix", title="Volatility by day")
    a_dataset("gdp", title="What a country makes")

    assert names(read(client, "/?q=DAY+vol").links) == ["/datasets/me/vix"]
    assert "No data set has all of these" in read(client, "/?q=nothing").text
    assert 'value="&quot;&gt;&lt;b&gt;"' in read(client, '/?q="><b>').source


def test_a_long_list_goes_on_on_further_pages(client: Client) -> None:
    for number in range(52):
        a_dataset(f"set-{number}")

    first = read(client, "/?q=set")
    after = next(link for link in first.links if "after=" in link)
    second = read(client, f"/{after}")

    assert len(names(first.links)) == 50
    assert names(second.links) == ["/datasets/me/set-1", "/datasets/me/set-0"]
    assert "?q=set" in second.links


@pytest.mark.parametrize("query", ["after=x", "limit=0", "q=%00", f"q={'x' * 300}"])
def test_a_page_that_cannot_be_is_told_in_words(client: Client, query: str) -> None:
    page = read(client, f"/?{query}")

    assert page.status == 400
    assert "This cannot be read" in page.text


def test_an_owners_page_shows_theirs_alone(client: Client) -> None:
    a_dataset("mine")
    a_dataset("secret", findability="private")
    a_dataset("theirs", owner="you")

    assert names(read(client, "/datasets/me").links) == ["/datasets/me/mine"]


def test_the_owner_sees_all_of_them_by_token(client: Client) -> None:
    a_dataset("mine")
    a_dataset("secret", findability="private")

    page = read(client, "/datasets/me", Auth_Token=token_of("me"))

    assert names(page.links) == ["/datasets/me/secret", "/datasets/me/mine"]
    others = read(client, "/datasets/me", Auth_Token=token_of("you"))
    assert names(others.links) == ["/datasets/me/mine"]


@pytest.mark.parametrize(
    "path", ["/datasets/nobody", "/datasets/%00", "/datasets/a%0Ab"]
)
def test_an_owner_of_nothing_is_not_found(client: Client, path: str) -> None:
    page = read(client, path)

    assert page.status == 404
    assert "There is nothing here" in page.text


def test_the_number_of_queries_does_not_grow_with_the_list(
    client: Client, django_assert_num_queries: object
) -> None:
    for number in range(60):
        a_dataset(f"set-{number}", created_at=timezone.now())

    with django_assert_num_queries(1):  # type: ignore[operator] # pytest-django's own
        read(client, "/")
