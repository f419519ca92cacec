"""GET /source/{owner} and GET /source/{owner}/{dataset}: lists, a page at a time."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registry import services
from registry.models import Dataset, Revision
from tasks import services as tasks
from tasks.models import Client as Owner
from tasks.models import Identity
from tests.support.specstore import Json, spec_of, token_of

T0 = datetime(2026, 11, 21, 3, 31, 22, tzinfo=UTC)
NOT_FOUND = {"error": "Not Found"}

pytestmark = pytest.mark.django_db


def put(
    name: str = "id",
    *,
    owner: str = "me",
    findability: str = "published",
    title: str = "",
    at: datetime = T0,
) -> Revision:
    """Upload a dataset whose revision has succeeded, so that anybody may find it."""
    spec = spec_of(owner=owner, dataset=name)
    spec["meta"]["findability"] = findability
    spec["inputs"][0]["parameters"]["descriptor"]["title"] = title
    revision = services.upload(contents=spec, max_datasets=None, at=at)
    Revision.objects.filter(pk=revision.pk).update(state="succeeded")
    Dataset.objects.filter(pk=revision.dataset_id).update(listed=True)
    return revision


def as_owner(owner: str = "me") -> dict[str, str]:
    return {"Auth-Token": token_of(owner)}


def key_of(owner: str, scope: str) -> dict[str, str]:
    client = tasks.client_of(Identity.Scheme.JWT, owner)
    _key, text = tasks.create_key(client=client, scopes=[scope])
    return {"Authorization": f"Token {text}"}


def listed(client: Client, url: str, **headers: str) -> Json:
    reply = client.get(url, headers=headers)
    assert reply.status_code == 200, reply.content
    assert reply.headers["Content-Type"] == "application/json"
    whole: Json = reply.json()
    return whole


def names(reply: Json) -> list[str]:
    return [one["id"].rpartition("/")[2] for one in reply["datasets"]]


def walk(client: Client, url: str, key: str, **headers: str) -> list[list[str]]:
    """Follow `next` to the end; return the ids of each page."""
    pages, after = [], ""
    while True:
        reply = listed(client, f"{url}{after}", **headers)
        pages.append([one["id"] for one in reply[key]])
        if reply["next"] is None:
            return pages
        after = f"&after={reply['next']}"


def test_an_owners_dataset_is_shown_with_the_state_of_its_newest_revision(
    client: Client,
) -> None:
    put(title="Volatility")
    second = put(title="Volatility", at=T0 + timedelta(hours=1))
    Revision.objects.filter(pk=second.pk).update(state="inprogress")
    Dataset.objects.update(certified=True)

    assert listed(client, "/source/me") == {
        "datasets": [
            {
                "certified": True,
                "findability": "published",
                "id": "me/id",
                "modified": "2026-11-21T04:31:22",
                "revision": 2,
                "state": "INPROGRESS",
                "title": "Volatility",
            }
        ],
        "next": None,
    }


def test_a_datasets_revisions_are_shown_newest_first(client: Client) -> None:
    put()
    second = put(at=T0 + timedelta(hours=1))
    Revision.objects.filter(pk=second.pk).update(
        state="failed", finished_at=T0 + timedelta(hours=2), cause="schedule"
    )

    assert listed(client, "/source/me/id") == {
        "revisions": [
            {
                "cause": "schedule",
                "created": "2026-11-21T04:31:22",
                "findability": "published",
                "finished": "2026-11-21T05:31:22",
                "id": "me/id/2",
                "modified": "2026-11-21T04:31:22",
                "revision": 2,
                "state": "FAILED",
            },
            {
                "cause": "upload",
                "created": "2026-11-21T03:31:22",
                "findability": "published",
                "finished": None,
                "id": "me/id/1",
                "modified": "2026-11-21T03:31:22",
                "revision": 1,
                "state": "SUCCEEDED",
            },
        ],
        "next": None,
    }


def test_only_the_named_owners_datasets_are_listed(client: Client) -> None:
    put("a")
    put("b", owner="you")

    assert names(listed(client, "/source/me")) == ["a"]
    assert names(listed(client, "/source/you")) == ["b"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_datasets_come_in_pages_each_once_and_the_newest_first(
    client: Client, limit: int
) -> None:
    for number in range(6):
        put(f"d{number}", at=T0 + timedelta(hours=number))

    pages = walk(client, f"/source/me?limit={limit}", "datasets")

    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert [one for page in pages for one in page] == [
        f"me/d{number}" for number in (5, 4, 3, 2, 1, 0)
    ]


@pytest.mark.parametrize("limit", [1, 2, 4, 5])
def test_revisions_come_in_pages(client: Client, limit: int) -> None:
    for _ in range(5):
        put()

    pages = walk(client, f"/source/me/id?limit={limit}", "revisions")

    assert [one for page in pages for one in page] == [
        f"me/id/{number}" for number in (5, 4, 3, 2, 1)
    ]


def test_what_comes_in_while_one_pages_moves_no_page(client: Client) -> None:
    for number in range(4):
        put(f"d{number}")
    first = listed(client, "/source/me?limit=2")
    put("newer")
    Dataset.objects.get(name="d1").delete()

    second = listed(client, f"/source/me?limit=2&after={first['next']}")

    assert (names(first), names(second)) == (["d3", "d2"], ["d0"])


def test_a_page_has_fifty_unless_asked_otherwise(client: Client) -> None:
    owner = tasks.client_of(Identity.Scheme.JWT, "me")
    fill(owner, 60)

    assert len(listed(client, "/source/me")["datasets"]) == 50
    assert len(listed(client, "/source/me?limit=200")["datasets"]) == 60


def fill(owner: Owner, count: int) -> None:
    Dataset.objects.bulk_create(
        Dataset(
            client=owner,
            owner="me",
            name=f"d{number}",
            title=f"Title {number}",
            findability="published",
            listed=True,
            newest=1,
        )
        for number in range(count)
    )
    Revision.objects.bulk_create(
        Revision(dataset=one, number=1, spec={}, findability="published")
        for one in Dataset.objects.all()
    )


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("vix", ["finance-vix"]),
        ("VIX", ["finance-vix"]),
        ("finance", ["finance-vix", "finance"]),
        ("index finance", ["finance-vix"]),
        ("volatility INDEX", ["finance-vix"]),
        ("élan", ["french"]),
        ("ÉLAN", ["french"]),
        ("E\u0301LAN", ["french"]),
        ("strasse", ["french"]),
        ("100%", ["percent"]),
        ("1_0", []),
        ("'\"\\", []),
        ("nothing", []),
        ("", ["percent", "french", "finance-vix", "finance"]),
        ("  ", ["percent", "french", "finance-vix", "finance"]),
    ],
)
def test_datasets_are_found_by_words_of_name_and_title(
    client: Client, q: str, found: list[str]
) -> None:
    put("finance", title="Money")
    put("finance-vix", title="Volatility Index (VIX)")
    put("french", title="Élan vital, Straße")
    put("percent", title="100% of it")

    assert names(listed(client, f"/source/me?q={quote(q)}")) == found


def test_a_title_that_changes_is_found_by_its_new_words(client: Client) -> None:
    put(title="Old")
    Dataset.objects.update(listed=False)
    put(title="New")

    assert names(listed(client, "/source/me?q=old")) == []
    assert names(listed(client, "/source/me?q=new")) == ["id"]


def test_a_search_is_paged_like_the_whole(client: Client) -> None:
    for number in range(5):
        put(f"d{number}", title="even" if number % 2 == 0 else "odd")

    pages = walk(client, "/source/me?q=even&limit=2", "datasets")

    assert pages == [["me/d4", "me/d2"], ["me/d0"]]


@pytest.mark.parametrize("findability", ["unlisted", "private"])
def test_what_is_not_published_is_shown_to_its_owner_alone(
    client: Client, findability: str
) -> None:
    put("open")
    put("closed", findability=findability)

    for who in ({}, as_owner("you"), key_of("you", "datasets"), key_of("me", "jobs")):
        assert names(listed(client, "/source/me", **who)) == ["open"]
        assert names(listed(client, "/source/me?q=closed", **who)) == []
        reply = client.get("/source/me/closed", headers=who)
        assert (reply.status_code, reply.json()) == (404, NOT_FOUND)
    for who in (as_owner(), key_of("me", "datasets")):
        assert names(listed(client, "/source/me", **who)) == ["closed", "open"]
        assert len(listed(client, "/source/me/closed", **who)["revisions"]) == 1
    by_query = listed(client, f"/source/me?jwt={token_of('me')}")
    assert names(by_query) == ["closed", "open"]


def test_what_has_not_succeeded_yet_is_listed_for_its_owner_alone(
    client: Client,
) -> None:
    put("open")
    put("new")
    Dataset.objects.filter(name="new").update(listed=False)

    assert names(listed(client, "/source/me")) == ["open"]
    assert names(listed(client, "/source/me", **as_owner())) == ["new", "open"]
    assert len(listed(client, "/source/me/new")["revisions"]) == 1


def test_revisions_from_before_a_dataset_was_published_stay_its_owners(
    client: Client,
) -> None:
    put(findability="private")
    put()

    assert [
        one["revision"] for one in listed(client, "/source/me/id")["revisions"]
    ] == [2]
    assert len(listed(client, "/source/me/id", **as_owner())["revisions"]) == 2


def test_an_owner_who_was_revoked_sees_what_anybody_does(client: Client) -> None:
    put(findability="private")
    key = key_of("me", "datasets")
    Owner.objects.update(revoked_at=timezone.now())

    for who in (as_owner(), key):
        assert client.get("/source/me", headers=who).status_code == 404
        assert client.get("/source/me/id", headers=who).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "/source/you",
        "/source/you?q=x",
        "/source/you?after=ZDo5",
        "/source/me/none",
        "/source/me/none?after=cjo5",
        "/source/you/id",
        "/source/%00",
        "/source/me/%00",
        "/source/%00/%00",
        f"/source/{'x' * 300}",
        "/source/ me",
        "/source/me/",
        "/source/",
    ],
)
def test_an_unknown_owner_or_dataset_is_a_404(client: Client, url: str) -> None:
    put()

    reply = client.get(url)

    assert (reply.status_code, reply.json()) == (404, NOT_FOUND)


def test_an_owner_of_nothing_public_looks_like_none_at_all(client: Client) -> None:
    put(findability="private")

    for url in ("/source/me", "/source/me?q=id", "/source/me?limit=1"):
        reply = client.get(url)
        assert (reply.status_code, reply.json()) == (404, NOT_FOUND)


def test_an_owner_without_datasets_has_an_empty_list(client: Client) -> None:
    assert listed(client, "/source/me", **as_owner()) == {"datasets": [], "next": None}


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("url", ["/source/me", "/source/me/id"])
@pytest.mark.parametrize(
    ("query", "word"),
    [
        *[
            (f"limit={limit}", "limit")
            for limit in ("", "0", "-1", "201", "1.5", "ten")
        ],
        *[(f"limit={limit}", "limit") for limit in ("1e2", "%00", "٣", "9" * 5000)],
        *[(f"after={after}", "after") for after in ("", "x", "%00", "é", "=", "1")],
        (f"after={coded('x:1')}", "after"),
        (f"after={coded('d:')}", "after"),
        (f"after={coded('d:-1')}", "after"),
        (f"after={coded('d:' + '9' * 30)}", "after"),
        (f"after={coded('r:' + '9' * 30)}", "after"),
        ("q=%00", "q"),
        (f"q={'x' * 201}", "q"),
    ],
)
def test_a_page_that_cannot_be_is_a_400_that_says_why(
    client: Client, url: str, query: str, word: str
) -> None:
    put()

    reply = client.get(f"{url}?{query}")

    body = reply.json()
    assert (reply.status_code, body["error"]) == (400, "Bad Request")
    assert body["message"].startswith(f"{word} should be ")


def test_the_cursor_of_one_list_is_none_of_the_other(client: Client) -> None:
    for number in range(2):
        put(f"d{number}")
        put("d0")
    datasets = listed(client, "/source/me?limit=1")["next"]
    revisions = listed(client, "/source/me/d0?limit=1")["next"]

    assert client.get(f"/source/me/d0?after={datasets}").status_code == 400
    assert client.get(f"/source/me?after={revisions}").status_code == 400


def test_other_pages_may_ask_with_either_credential(client: Client) -> None:
    reply = client.options("/source/me", headers={"Origin": "https://example.org"})

    assert reply.status_code == 200
    assert reply.headers["Access-Control-Allow-Headers"] == "auth-token, authorization"
    assert "GET" in reply.headers["Allow"]


@pytest.mark.parametrize(("who", "queries"), [("anybody", 1), ("token", 2), ("key", 3)])
@pytest.mark.parametrize("url", ["/source/me", "/source/me?q=title", "/source/me/d0"])
def test_no_list_needs_more_than_three_queries_however_long(
    client: Client,
    who: str,
    queries: int,
    url: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    fill(tasks.client_of(Identity.Scheme.JWT, "me"), 120)
    headers: dict[str, Any] = {
        "anybody": {},
        "token": as_owner(),
        "key": key_of("me", "datasets"),
    }[who]
    listed(client, url, **headers)  # a key's first use of a minute is written down

    with django_assert_num_queries(queries):
        listed(client, url, **headers)


@transaction.atomic
@pytest.mark.parametrize(
    ("found", "index"),
    [
        (Dataset.objects.of_owner("me"), "dataset_of_owner"),
        (Dataset.objects.of_owner("me").listed(), "dataset_by_findability"),
    ],
)
def test_a_page_is_read_from_an_index_and_not_sorted(found: Any, index: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A table of a few rows is otherwise read whole.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")

    plan = found.order_by("-pk")[:51].explain()

    # Which of two PostgreSQL takes depends on what it knows of the rows.
    assert index in plan or "Index Scan Backward" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
