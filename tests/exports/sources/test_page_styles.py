"""Every way to page, from the first page to the last row."""

from collections.abc import Callable

import pytest

from tasks.models import Job
from tests.support.pages import Paged, a_table, fetched, ids_of, page
from tests.support.sources import Sources

Fetch = Callable[..., Job]

CURSOR = {
    "style": "cursor",
    "items_path": "data.items",
    "cursor_path": "meta.next",
}


def test_pages_are_asked_for_as_the_contract_says(
    sources: Sources, fetch: Fetch
) -> None:
    table = Paged(a_table(25))

    job = fetch(table.serve(sources))

    assert ids_of(job) == list(range(25))
    asked = sorted(table.queries, key=lambda query: int(query["page"]))
    assert asked[:4] == [{"page": str(n), "limit": "10"} for n in range(1, 5)]
    assert {one.headers["accept"] for one in table.seen} == {"*/*"}


@pytest.mark.parametrize(
    ("style", "paging"),
    [
        ("page", {"style": "page"}),
        ("offset", {"style": "offset"}),
        ("cursor", CURSOR),
        ("link", {"style": "link"}),
    ],
    ids=["page", "offset", "cursor", "link"],
)
@pytest.mark.parametrize("rows", [0, 1, 10, 25, 30])
def test_every_style_gives_every_row_once_and_in_order(
    style: str, paging: dict[str, str], rows: int, sources: Sources, fetch: Fetch
) -> None:
    table = Paged(a_table(rows), style=style)

    job = fetch(table.serve(sources), paging=paging)

    assert ids_of(job) == list(range(rows))
    assert fetched(job)["counted"][1] == rows


def test_the_query_of_the_source_stays_as_it_is(sources: Sources, fetch: Fetch) -> None:
    table = Paged(a_table(3))
    url = table.serve(sources)

    fetch(f"{url}?q=a%20b&page=9&tag=x&tag=y#top")

    path = sources.seen["/rows"][0].path
    assert path == "/rows?q=a%20b&tag=x&tag=y&page=1&limit=10"


def test_parameters_have_the_names_that_were_asked_for(
    sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", page([{"id": 1}]), page([]))

    fetch(
        url, paging={"page_param": "p[no]", "size_param": "per_page", "first_page": 0}
    )

    assert sources.seen["/rows"][0].path == "/rows?p%5Bno%5D=0&per_page=10"


@pytest.mark.parametrize("style", ["page", "offset"])
def test_a_server_with_smaller_pages_than_asked_for_loses_no_row(
    style: str, sources: Sources, fetch: Fetch
) -> None:
    table = Paged(a_table(95), style=style, most=7)

    job = fetch(table.serve(sources), paging={"style": style}, size=50)

    assert ids_of(job) == list(range(95))


def test_a_cursor_is_sent_back_as_it_came(sources: Sources, fetch: Fetch) -> None:
    replies = [
        page({"items": [{"id": 0}], "next": "a b&c=é/+"}),
        page({"items": [{"id": 1}], "next": 9007199254740993}),
        page({"items": [{"id": 2}], "next": ""}),
    ]
    url = sources.act("/rows", *replies)
    paging = {"style": "cursor", "items_path": "items", "cursor_path": "next"}

    job = fetch(url, paging=paging)

    assert ids_of(job) == [0, 1, 2]
    assert [one.path for one in sources.seen["/rows"]] == [
        "/rows?limit=10",
        "/rows?cursor=a%20b%26c%3D%C3%A9%2F%2B&limit=10",
        "/rows?cursor=9007199254740993&limit=10",
    ]


def test_an_empty_page_with_a_new_cursor_is_not_the_end(
    sources: Sources, fetch: Fetch
) -> None:
    replies = [
        page({"items": [{"id": 0}], "next": "b"}),
        page({"items": [], "next": "c"}),
        page({"items": [{"id": 1}], "next": "d"}),
        page({"items": None, "next": "d"}),
    ]
    url = sources.act("/rows", *replies)
    paging = {"style": "cursor", "items_path": "items", "cursor_path": "next"}

    job = fetch(url, paging=paging)

    assert ids_of(job) == [0, 1]


@pytest.mark.parametrize(
    "header",
    [
        '</rows?at=2>; rel="next"',
        "<rows?at=2>;rel=next",
        '<?at=2>; title="a, b; c"; rel="last next"',
        '</rows?at=9>; rel="last", </rows?at=2>; rel="NEXT"',
        '</rows,no?at=9>; rel=prev ,<./rows?at=2> ; rel = "next"',
    ],
    ids=range(5),
)
def test_a_link_header_is_read_as_rfc_8288_says(
    header: str, sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", page([{"id": 0}], f"Link: {header}"), page([{"id": 1}]))

    job = fetch(url, paging={"style": "link"})

    assert ids_of(job) == [0, 1]
    assert sources.seen["/rows"][1].path == "/rows?at=2"


def test_a_link_in_the_body_is_followed_too(sources: Sources, fetch: Fetch) -> None:
    following = sources.url("/rows?page=2")
    url = sources.act(
        "/rows",
        page({"results": [{"id": 0}], "next": following}),
        page({"results": [{"id": 1}], "next": None}),
    )
    paging = {"style": "link", "items_path": "results", "cursor_path": "next"}

    job = fetch(url, paging=paging)

    assert ids_of(job) == [0, 1]


def test_secret_headers_stay_with_the_origin_of_the_source(
    sources: Sources, fetch: Fetch
) -> None:
    with Sources() as elsewhere:
        away = elsewhere.act("/more", page([{"id": 1}]))
        url = sources.act("/rows", page([{"id": 0}], f'Link: <{away}>; rel="next"'))

        job = fetch(url, paging={"style": "link"}, headers={"X-Key": "hush-hush"})

        assert ids_of(job) == [0, 1]
        assert sources.seen["/rows"][0].headers["x-key"] == "hush-hush"
        assert "x-key" not in elsewhere.seen["/more"][0].headers


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("http://10.0.0.1/rows", "is not allowed"),
        ("file:///etc/passwd", "It links to something that is not a URL."),
        ("http://user:pw@127.0.0.1/", "It links to something that is not a URL."),
    ],
    ids=["private", "scheme", "password"],
)
def test_a_link_to_where_nobody_may_go_fails_the_job(
    link: str, said: str, sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", page([{"id": 0}], f'Link: <{link}>; rel="next"'))

    job = fetch(url, paging={"style": "link"})

    assert job.state == "failed"
    assert "Page " in job.error
    assert said in job.error
