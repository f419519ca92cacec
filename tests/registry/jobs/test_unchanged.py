"""A source that has not changed is not fetched or made again (design, section 4)."""

import json

import pytest
from django.test import Client

from registry.models import Output
from tasks.archive.stored import store
from tests.support.sources import Sources, unless_known
from tests.support.specstore import Json, file_of, run_to_end, spec_of, table
from tests.tasks.outbound.servers import ok

CSV = b"n,m\n1,x\n2,y\n"
FIELDS = ("n:integer", "m")
MADE = ("a", "a_csv", "a_json", "a_csv_preview", "validation_report", "id_zip")

pytestmark = pytest.mark.django_db(transaction=True)


def artifacts_of(number: int) -> dict[str, int]:
    outputs = Output.objects.filter(revision__number=number)
    names = outputs.values_list("pipeline__pipeline_id", "artifact_id")
    return {id_.rpartition("/")[2]: artifact for id_, artifact in names}


def log_of(revision: Json) -> str:
    return "\n".join(revision["logs"])


@pytest.mark.parametrize(
    ("validators", "sent"),
    [
        ({"etag": '"v1"'}, "if-none-match"),
        ({"etag": 'W/"v1"'}, "if-none-match"),
        ({"modified": "Wed, 21 Oct 2015 07:28:00 GMT"}, "if-modified-since"),
    ],
)
def test_a_server_that_knows_its_file_is_asked_by_condition(
    client: Client, sources: Sources, validators: dict[str, str], sent: str
) -> None:
    url = sources.act("/a.csv", unless_known(CSV, **validators))
    spec = spec_of(table("a", url, *FIELDS))
    assert run_to_end(client, spec)["state"] == "SUCCEEDED"

    again = run_to_end(client, spec)

    assert again["state"] == "SUCCEEDED"
    first, second = sources.seen["/a.csv"]
    assert sent not in first.headers
    assert second.headers[sent] == next(iter(validators.values()))
    for name in MADE:
        assert artifacts_of(2)[name] == artifacts_of(1)[name], name
    assert "a: not changed since the last copy, says its server" in log_of(again)
    assert "Creating CSV: a: nothing changed, reused" in log_of(again)


def test_a_server_without_validators_is_compared_by_digest(
    client: Client, sources: Sources
) -> None:
    spec = spec_of(table("a", sources.put("/a.csv", CSV), *FIELDS))
    run_to_end(client, spec)

    again = run_to_end(client, spec)

    assert len(sources.seen["/a.csv"]) == 2
    for name in MADE[1:]:
        assert artifacts_of(2)[name] == artifacts_of(1)[name], name
    assert "the same as before" in log_of(again)
    assert "nothing changed, reused" in log_of(again)


def test_a_new_revision_of_old_files_still_describes_itself(
    client: Client, sources: Sources
) -> None:
    spec = spec_of(table("a", sources.put("/a.csv", CSV), *FIELDS))
    run_to_end(client, spec)

    again = run_to_end(client, spec)

    package = json.loads(file_of(client, "me/id/2", "datapackage.json"))
    assert package["id"] == "me/id/2"
    assert again["stats"]["count_of_rows"] == 2
    assert file_of(client, "me/id/2", "data/a_csv.csv") == CSV


def test_a_changed_source_is_fetched_and_made_anew(
    client: Client, sources: Sources
) -> None:
    newer = CSV + b"3,z\n"
    url = sources.act(
        "/a.csv", unless_known(CSV, etag='"1"'), unless_known(newer, etag='"2"')
    )
    spec = spec_of(table("a", url, *FIELDS))
    run_to_end(client, spec)

    run_to_end(client, spec)

    assert file_of(client, "me/id/1", "data/a_csv.csv") == CSV
    assert file_of(client, "me/id/2", "data/a_csv.csv") == newer


def test_another_schema_is_made_anew_from_the_same_copy(
    client: Client, sources: Sources
) -> None:
    url = sources.act("/a.csv", unless_known(CSV, etag='"1"'))
    run_to_end(client, spec_of(table("a", url, "n:integer", "m")))

    run_to_end(client, spec_of(table("a", url, "n:string", "m")))

    rows = json.loads(file_of(client, "me/id/2", "data/a_json.json"))
    assert rows[0] == {"n": "1", "m": "x"}
    assert artifacts_of(2)["a"] == artifacts_of(1)["a"]


def test_another_url_is_no_condition_to_ask_by(
    client: Client, sources: Sources
) -> None:
    one = sources.act("/one.csv", unless_known(CSV, etag='"same"'))
    two = sources.act("/two.csv", unless_known(CSV + b"3,z\n", etag='"same"'))
    run_to_end(client, spec_of(table("a", one, *FIELDS)))

    run_to_end(client, spec_of(table("a", two, *FIELDS)))

    assert file_of(client, "me/id/2", "archive/a.csv") == CSV + b"3,z\n"


def test_a_server_that_says_unchanged_unasked_has_sent_nothing(
    client: Client, sources: Sources
) -> None:
    """Taken for a file, that reply would be an empty one."""
    bad = sources.act("/a.csv", ok(b"", status="304 Not Modified"))
    logo = {"name": "logo", "path": sources.fails("/l.png", "304 Not Modified")}

    revision = run_to_end(client, spec_of(table("a", bad, *FIELDS), logo))

    assert revision["state"] == "FAILED"
    assert all("304" in line for line in revision["error_log"])
    assert len(revision["error_log"]) == 2


def test_an_earlier_copy_that_the_store_lost_is_fetched_again(
    client: Client, sources: Sources
) -> None:
    url = sources.act("/a.csv", unless_known(CSV, etag='"1"'))
    spec = spec_of(table("a", url, *FIELDS))
    run_to_end(client, spec)
    for digest in list(store().digests()):
        store().delete(digest)

    again = run_to_end(client, spec)

    assert again["state"] == "SUCCEEDED"
    assert "if-none-match" not in sources.seen["/a.csv"][1].headers
    assert file_of(client, "me/id/2", "data/a_csv.csv") == CSV


def test_a_failed_revision_still_gives_its_copy_to_the_next(
    client: Client, sources: Sources
) -> None:
    good = sources.act("/a.csv", unless_known(CSV, etag='"1"'))
    bad = sources.act("/b.csv", ok(b"", status="404 Not Found"), ok(CSV))
    spec = spec_of(table("a", good, *FIELDS), table("b", bad, *FIELDS))
    assert run_to_end(client, spec)["state"] == "FAILED"

    again = run_to_end(client, spec)

    assert again["state"] == "SUCCEEDED"
    assert sources.seen["/a.csv"][1].headers["if-none-match"] == '"1"'


def test_two_owners_never_share_a_condition(client: Client, sources: Sources) -> None:
    url = sources.act("/a.csv", unless_known(CSV, etag='"1"'))
    run_to_end(client, spec_of(table("a", url, *FIELDS)))

    run_to_end(client, spec_of(table("a", url, *FIELDS), owner="you"))

    assert "if-none-match" not in sources.seen["/a.csv"][1].headers
