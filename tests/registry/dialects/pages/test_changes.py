"""GET /datasets/{owner}/{dataset}/diff: what changed between two revisions."""

import pytest
from django.test import Client

from tests.support.reading_pages import read
from tests.support.sources import Sources
from tests.support.specstore import get, run_jobs, run_to_end, spec_of, table

URL = "/datasets/me/id/diff?a=1&b=2"

pytestmark = pytest.mark.django_db(transaction=True)


def two_revisions(client: Client, sources: Sources, after: bytes) -> None:
    for body in (b"k,v\n1,a\n2,b\n", after):
        spec = spec_of(table("t", sources.put("/t.csv", body), "k:integer", "v"))
        resource = spec["inputs"][0]["parameters"]["descriptor"]["resources"][0]
        resource["schema"]["primaryKey"] = "k"
        resource["description"] = f"{len(body)} bytes"
        run_to_end(client, spec)


def test_a_page_loads_again_until_the_tables_are_compared(
    client: Client, sources: Sources
) -> None:
    two_revisions(client, sources, b"k,v\n2,B\n3,c\n4,d\n")

    waiting = client.get(URL)
    run_jobs()
    page = read(client, URL)

    assert waiting.headers["Refresh"] == "1"
    assert "Being compared" in waiting.content.decode()
    assert "Refresh" not in client.get(URL).headers
    assert "t 2 3 2 1 1 Rows that differ" in page.text
    link = "/datasets/me/id/diff/1/2/t.csv"
    assert link in page.links
    assert get(client, link).status == 200
    place = 'inputs[0].parameters.descriptor.resources[name="t"].description'
    assert f'{place} "12 bytes" "16 bytes"' in page.text


def test_equal_tables_are_told_at_once(client: Client, sources: Sources) -> None:
    two_revisions(client, sources, b"k,v\n1,a\n2,b\n")

    page = read(client, URL)

    assert "t 2 2 0 0 0 The same to the byte" in page.text
    assert "Both were asked for in the same words." in page.text
