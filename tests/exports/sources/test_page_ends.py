"""Where pages end: by themselves, by a limit, or never, which is noticed."""

from collections.abc import Callable
from typing import Any

import pytest

from exports.sources.walk import MOST_SAME
from tasks.models import Job
from tests.support.pages import Paged, a_table, fetched, ids_of, page
from tests.support.sources import Sources

Fetch = Callable[..., Job]

CURSOR = {"style": "cursor", "items_path": "items", "cursor_path": "next"}


def test_a_short_page_is_the_last_only_when_configured(
    sources: Sources, fetch: Fetch
) -> None:
    table = Paged(a_table(15))

    job = fetch(table.serve(sources), paging={"stop_on_short": True}, concurrency=1)

    assert ids_of(job) == list(range(15))
    assert [query["page"] for query in table.queries] == ["1", "2"]


def test_a_short_page_in_the_middle_is_not_the_end(
    sources: Sources, fetch: Fetch
) -> None:
    pages = [[{"id": 0}], [{"id": 1}, {"id": 2}], [{"id": 3}], []]
    table = Paged([], before=lambda query: page(pages[int(query["page"]) - 1]))

    job = fetch(table.serve(sources), concurrency=1)

    assert ids_of(job) == [0, 1, 2, 3]


@pytest.mark.parametrize("style", ["page", "offset", "link"])
@pytest.mark.parametrize("limit", [1, 3])
def test_no_page_is_asked_for_beyond_the_page_limit(
    style: str, limit: int, sources: Sources, fetch: Fetch
) -> None:
    table = Paged(a_table(100), style=style)

    job = fetch(table.serve(sources), paging={"style": style}, page_limit=limit)

    assert ids_of(job) == list(range(10 * limit))
    assert len(table.queries) == limit


@pytest.mark.parametrize("style", ["page", "offset", "link"])
@pytest.mark.parametrize("limit", [1, 10, 23, 40])
def test_rows_are_cut_exactly_at_the_total_limit(
    style: str, limit: int, sources: Sources, fetch: Fetch
) -> None:
    table = Paged(a_table(100), style=style)
    paging = {"style": style, "total_limit": limit}

    job = fetch(table.serve(sources), paging=paging)

    assert ids_of(job) == list(range(limit))
    assert len(table.queries) == -(-limit // 10)
    assert (job.done, job.total) == (limit, limit)


def test_a_cursor_that_leads_back_fails_with_both_pages(
    sources: Sources, fetch: Fetch
) -> None:
    after = {"": "a", "a": "b", "b": "c", "c": "a"}

    def reply(query: dict[str, str]) -> bytes:
        return page({"items": [{"id": 1}], "next": after[query.get("cursor", "")]})

    table = Paged([], before=reply)

    job = fetch(table.serve(sources), paging=CURSOR)

    assert (job.state, job.error_code) == ("failed", "repeated_cursor")
    assert "Page 4 of" in job.error
    assert "the cursor of page 2" in job.error
    assert len(table.queries) == 4


def test_a_link_to_its_own_page_fails(sources: Sources, fetch: Fetch) -> None:
    url = sources.act("/rows", page([{"id": 1}], 'Link: </rows?limit=10>; rel="next"'))

    job = fetch(url, paging={"style": "link"})

    assert (job.state, job.error_code) == ("failed", "repeated_cursor")
    assert "the link of page 1" in job.error


def test_where_the_last_page_that_is_wanted_leads_does_not_matter(
    sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", page([{"id": 1}], 'Link: </rows?limit=10>; rel="next"'))

    job = fetch(url, paging={"style": "link"}, page_limit=1)

    assert ids_of(job) == [1]


def test_pages_without_rows_do_not_go_on_for_ever(
    sources: Sources, fetch: Fetch
) -> None:
    def reply(query: dict[str, str]) -> bytes:
        return page({"items": [], "next": int(query.get("cursor", 0)) + 1})

    table = Paged([], before=reply)

    job = fetch(table.serve(sources), paging=CURSOR)

    assert (job.state, job.error_code) == ("failed", "endless_pages")
    assert "Page 100 of" in job.error


@pytest.mark.parametrize(
    ("paging", "parameter"),
    [({}, "page"), ({"style": "offset", "offset_param": "start"}, "start")],
    ids=["page", "offset"],
)
def test_a_source_that_ignores_which_page_is_asked_for_fails(
    paging: dict[str, Any], parameter: str, sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", page(a_table(10)))

    job = fetch(url, paging=paging)

    assert (job.state, job.error_code) == ("failed", "repeated_page")
    assert f"Page {MOST_SAME} of" in job.error
    assert f"the same as the {MOST_SAME - 1} pages before it" in job.error
    assert f"{parameter!r}" in job.error


def test_equal_pages_within_the_page_limit_are_remarked(
    sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", page(a_table(10)))

    job = fetch(url, page_limit=2)

    assert len(ids_of(job)) == 20
    remark = "The last 2 pages are the same: maybe the source does not heed which page"
    assert fetched(job)["remarks"] == [f"{remark} it is asked for."]


def test_a_style_without_its_parameter_fails_before_any_request(
    sources: Sources, fetch: Fetch
) -> None:
    table = Paged(a_table(1))

    job = fetch(table.serve(sources), paging={"style": "cursor"})

    assert (job.state, job.error_code) == ("failed", "bad_paging")
    assert "cursor_path" in job.error
    assert table.queries == []
