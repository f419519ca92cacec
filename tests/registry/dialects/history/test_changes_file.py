"""GET /datasets/…/diff/{a}/{b}/{resource}.csv: the rows that changed, as a file."""

import pytest
from django.test import Client

from registry.models import Comparison
from tasks.archive.stored import store
from tests.support.history import KEYED, a_revision, a_spec, answer, ask, private
from tests.support.sources import Sources
from tests.support.specstore import get, run_jobs, run_to_end, spec_of, table, token_of

ONE = b'n,m\n1,x\n2,"y, y"\n3,z\n'
TWO = b"n,m\n1,x\n2,Y\n4,w\n"
URL = "/datasets/me/id/diff/1/2/a.csv"
CHANGES = b"""change,n,m
removed,3,z
changed-before,2,"y, y"
changed-after,2,Y
added,4,w
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def compared(client: Client) -> None:
    a_revision(ONE)
    a_revision(TWO)
    assert answer(client)["data"]["a"]["file"] == URL


@pytest.mark.usefixtures("compared")
def test_the_rows_that_changed_come_as_a_file(client: Client) -> None:
    reply = get(client, URL)

    assert (reply.status, reply.body) == (200, CHANGES)
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "a-1-2.csv" in reply.headers["Content-Disposition"]
    assert get(client, URL, If_None_Match=reply.headers["ETag"]).status == 304
    assert get(client, URL, Range="bytes=0-5").body == b"change"
    assert get(client, URL, "HEAD").body == b""
    assert get(client, "/datasets/me/id/diff/1/latest/a.csv").body == CHANGES


@pytest.mark.usefixtures("compared")
@pytest.mark.parametrize(
    "path",
    ["1/2/b.csv", "2/1/a.csv", "1/1/a.csv", "1/3/a.csv", "1/2/a.json", "1/2/%00.csv"],
)
def test_what_was_not_compared_has_no_file(client: Client, path: str) -> None:
    reply = get(client, f"/datasets/me/id/diff/{path}")

    assert reply.status == 404
    assert reply.json["error"] == "Not Found"


def test_there_is_no_file_until_it_was_found(client: Client) -> None:
    a_revision(ONE)
    a_revision(TWO)
    assert ask(client, "1/2").status == 202

    assert get(client, URL).status == 404


@pytest.mark.usefixtures("compared")
def test_a_file_that_the_store_lost_is_not_found(client: Client) -> None:
    artifact = Comparison.objects.get().artifact
    assert artifact is not None
    store().delete(artifact.digest)

    reply = get(client, URL)

    assert (reply.status, reply.json["error"]) == (404, "Not Found")


def test_a_private_file_is_the_owners_alone(client: Client) -> None:
    a_revision(ONE, private(a_spec()))
    a_revision(TWO, private(a_spec()))
    token = token_of("me")
    assert ask(client, "1/2", Auth_Token=token).status == 202
    run_jobs()
    assert ask(client, "1/2", Auth_Token=token).status == 200

    assert get(client, URL).status == 404
    assert get(client, URL, Auth_Token=token_of("you")).status == 404
    assert get(client, URL, Auth_Token=token).body == CHANGES


def test_a_resource_of_another_script_has_a_path_that_works(client: Client) -> None:
    a_revision(ONE, a_spec("größe.x"))
    a_revision(TWO, a_spec("größe.x"))

    path = answer(client)["data"]["größe.x"]["file"]

    assert path == "/datasets/me/id/diff/1/2/gr%C3%B6%C3%9Fe.x.csv"
    assert get(client, path).status == 200


def test_what_pipelines_made_is_compared(client: Client, sources: Sources) -> None:
    for content in (ONE, TWO):
        spec = spec_of(table("a", sources.put("/a.csv", content), schema=KEYED))
        assert run_to_end(client, spec)["error_log"] == []

    assert answer(client)["data"]["a"]["file"] == URL

    assert get(client, URL).body == CHANGES
