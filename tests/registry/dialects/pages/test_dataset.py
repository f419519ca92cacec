"""GET /datasets/{owner}/{dataset}[/{revision}]: the page of a data set."""

import hashlib
from typing import Any

import pytest
from django.test import Client

from registry.models import Revision
from tasks.archive.stored import store
from tests.support.reading_pages import read
from tests.support.sources import Sources
from tests.support.specstore import Json, get, run_to_end, spec_of, table, token_of

CSV = b"day,n\n2026-01-01,1\n2026-01-02,2\n"
URL = "/datasets/me/id"

pytestmark = pytest.mark.django_db(transaction=True)


def a_spec(sources: Sources, findability: str = "published", **words: object) -> Json:
    spec = spec_of(table("a", sources.put("/a.csv", CSV), "day:date", "n:integer"))
    spec["meta"]["findability"] = findability
    spec["inputs"][0]["parameters"]["descriptor"] |= words
    return spec


def test_a_page_shows_words_rows_columns_files_and_receipts(
    client: Client, sources: Sources
) -> None:
    spec = a_spec(
        sources,
        title="Days",
        description="Counted daily.",
        readme="# Method\n\nBy *hand*.",
        licenses=[{"name": "CC0-1.0"}],
    )
    fields = spec["inputs"][0]["parameters"]["descriptor"]["resources"][0]["schema"]
    fields["fields"][1] |= {
        "description": "How many",
        "constraints": {"required": True, "minimum": 0},
    }
    assert run_to_end(client, spec)["state"] == "SUCCEEDED"

    page = read(client, URL)

    assert page.status == 200
    assert "<h1>Days</h1>" in page.source
    assert "<h3>Method</h3>\n<p>By <em>hand</em>.</p>" in page.source
    for words in (
        "Counted daily.",
        "CC0-1.0",
        "Revision 1 Succeeded",
        "Row day date n integer 1 2026-01-01 1 2 2026-01-02 2",
        "n integer How many minimum 0, required",
        f"sha256 {hashlib.sha256(CSV).hexdigest()} Size 32 bytes",
        f'"copy": "{hashlib.sha256(CSV).hexdigest()}"',
    ):
        assert words in page.text
    assert "/datasets/me/id/1/data/a_csv.csv" in page.links
    assert 'data-preview="/datasets/me/id/1/data/a_csv_preview.json"' in page.source


def test_every_file_that_is_linked_can_be_fetched(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, a_spec(sources))
    files = [link for link in read(client, URL).links if link.count("/") > 4]

    statuses = {link: get(client, link).status for link in files}

    assert len(files) == 7
    assert set(statuses.values()) == {200}


def test_without_a_number_the_newest_success_is_shown(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, a_spec(sources))
    broken = spec_of(table("a", sources.fails("/gone.csv", "404 Not Found")))
    run_to_end(client, broken)

    assert "Revision 1 Succeeded" in read(client, URL).text
    failed = read(client, f"{URL}/latest").text
    assert "Revision 2 Failed" in failed
    assert "This revision failed. a (http://127.0.0.1" in failed
    assert "There are no files." in failed
    compared = read(client, URL).source
    assert '<form class="compare" method="get" action="/datasets/me/id/diff">' in (
        compared
    )


def test_one_of_many_tables_is_shown_at_a_time(
    client: Client, sources: Sources
) -> None:
    one, two = (sources.put(f"/{n}.csv", f"c\nrow of {n}\n".encode()) for n in "ab")
    run_to_end(client, spec_of(table("a", one, "c"), table("b", two, "c")))

    assert "row of a" in read(client, URL).text
    assert "row of b" in read(client, f"{URL}?table=b").text
    assert "row of a" in read(client, f"{URL}?table=nonsense").text


def test_an_unlisted_data_set_is_shown_to_who_knows_its_address(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, a_spec(sources, "unlisted"))

    page = read(client, URL)

    assert page.status == 200
    assert "Who finds it Unlisted" in page.text
    assert page.links.count("/datasets/me/id/1") == 0
    assert "me/id" not in read(client, "/").text


def test_a_private_data_set_is_the_owners_alone(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, a_spec(sources, "private", title="Secret days"))

    for path in (URL, f"{URL}/1", f"{URL}/latest", f"{URL}/diff?a=1&b=1"):
        hidden = read(client, path)
        assert hidden.status == 404
        assert hidden == read(client, path.replace("/id", "/never"))
        assert read(client, path, Auth_Token=token_of("you")).status == 404
        assert read(client, path, Auth_Token=token_of("me")).status == 200
    assert "Secret days" in read(client, URL, Auth_Token=token_of("me")).text


def test_a_public_page_tells_nothing_of_a_private_revision(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, a_spec(sources, title="Public days"))
    run_to_end(client, a_spec(sources, "private", title="Secret days"))

    assert read(client, URL).status == 404
    page = read(client, f"{URL}/1")
    assert page.status == 200
    assert "Public days" in page.text
    assert "Secret" not in page.source


def test_hostile_words_are_shown_as_text(client: Client, sources: Sources) -> None:
    hostile = "<script>alert(1)</script>"
    cells = f'"{hostile}",b\n"<img src=x onerror=alert(2)>",1\n'.encode()
    spec = spec_of(table("a", sources.put("/a.csv", cells), hostile, "b"))
    schema = spec["inputs"][0]["parameters"]["descriptor"]["resources"][0]["schema"]
    schema["fields"] += [
        {"name": hostile, "type": hostile, "constraints": {"items": 1}}
    ]
    spec["inputs"][0]["parameters"]["descriptor"] |= {
        "title": hostile,
        "description": hostile,
        "readme": hostile,
        "licenses": [{"title": hostile}, hostile, 7],
    }
    run_to_end(client, spec)

    page = read(client, URL)

    assert page.status == 200
    assert "<script>" not in page.source
    assert "<img" not in page.source
    assert page.text.count(hostile) >= 6


@pytest.mark.parametrize(
    "words", [{"title": 7}, {"description": ["a"]}, {"readme": {}}, {"licenses": "x"}]
)
def test_words_that_are_none_do_not_break_the_page(
    client: Client, sources: Sources, words: dict[str, Any]
) -> None:
    run_to_end(client, a_spec(sources, **words))

    assert read(client, URL).status == 200


def test_a_revision_that_is_still_made_says_so(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, a_spec(sources))
    Revision.objects.update(state="inprogress")

    assert "still being made" in read(client, f"{URL}/1").text


def test_rows_that_the_store_lost_leave_the_rest(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, a_spec(sources))
    preview = get(client, f"{URL}/1/data/a_csv_preview.json")
    store().delete(preview.headers["ETag"].strip('"'))

    page = read(client, URL)

    assert page.status == 200
    assert "n integer" in page.text


@pytest.mark.parametrize(
    "path",
    [
        *("/datasets/me/no", "/datasets/me/id/2", "/datasets/me/id/x"),
        *("/datasets/me/%00", "/datasets/me/id/%00", "/datasets/me/id/1/"),
        "/datasets/me/id/diff?a=1",
    ],
)
def test_what_is_not_there_is_a_page_of_404(client: Client, path: str) -> None:
    page = read(client, path)

    assert page.status == 404
    assert "There is nothing here" in page.text
