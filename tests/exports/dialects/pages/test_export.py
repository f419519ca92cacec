"""An export of the page's: started, told how it stands, stopped, and taken."""

import asyncio
import io
import json

import pytest
from django.test import Client
from openpyxl import load_workbook

from exports.dialects.pages import told
from exports.models import ExportTask
from tests.support.export_page import PAGE, file_of, sends, starts, wanted
from tests.support.exporting import run_exports
from tests.support.reading_pages import read
from tests.support.sources import Sources

CSV = b"name,year,n\nAnna,2001,1\nBo,2002,2\nCy,2002,x\n"

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_frame_can_be_made_in_the_event_loop_where_no_query_may(
    client: Client, sources: Sources
) -> None:
    task = starts(client, sources.put("/a.csv", CSV))
    job = ExportTask.objects.get(pk=task).job

    async def made() -> bytes:
        return told.frame(job)

    assert json.loads(asyncio.run(made()))["state"] == "queued"


def test_an_export_is_made_as_it_was_asked_for(
    client: Client, sources: Sources
) -> None:
    task = starts(
        client,
        sources.put("/a.csv", CSV),
        {"name": "Count", "column": 2},
        file_type="xlsx",
        file_name="people",
        select=["n", "name"],
        types={"n": "integer"},
        filter="year = 2002",
    )

    queued = sends(client, "GET", f"/{task}").json
    run_exports()
    done = sends(client, "GET", f"/{task}").json
    body, name = file_of(client, task)

    assert (queued["state"], queued["progress"], queued["file"]) == (
        "queued",
        None,
        None,
    )
    assert (done["state"], done["progress"], done["rows"]) == ("done", 100, 2)
    assert done["file"] == {
        "at": f"{PAGE}/{task}/file",
        "name": "people.xlsx",
        "bytes": len(body),
        "rows": 2,
        "sha256": done["file"]["sha256"],
        "notes": ["1 cells are not of the type you chose, and were left empty."],
    }
    assert name == 'attachment; filename="people.xlsx"'
    sheet = load_workbook(io.BytesIO(body)).active
    assert sheet is not None
    assert list(sheet.values) == [("Count", "name"), (2, "Bo"), (None, "Cy")]


def test_an_export_that_fails_says_why(client: Client, sources: Sources) -> None:
    task = starts(client, sources.fails("/gone.csv", "404 Not Found"))
    run_exports()

    told = sends(client, "GET", f"/{task}").json
    page = read(client, f"{PAGE}/{task}/file")

    assert told["state"] == "failed"
    assert "404" in told["error"]
    assert page.status == 404
    assert "This export has no file, or none yet." in page.text


def test_an_export_can_be_stopped_once(client: Client, sources: Sources) -> None:
    task = starts(client, sources.put("/a.csv", CSV))

    assert sends(client, "DELETE", f"/{task}").status == 202
    assert sends(client, "GET", f"/{task}").json["state"] == "cancelled"
    assert sends(client, "DELETE", f"/{task}").status == 409


def test_what_cannot_be_started_leaves_nothing(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.csv", CSV)
    many = [{"name": "a", "column": n} for n in range(16_385)]

    for body, field in (
        (wanted(url, filter="("), "filter"),
        (wanted(""), "source_url"),
        (wanted(url, *many), "columns"),
    ):
        told = sends(client, "POST", "/start", body)
        assert (told.status, told.wrong[0][0]) == (422, field)
    assert not ExportTask.objects.exists()


def test_secrets_of_a_source_are_sealed_and_not_shown(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.csv", CSV)
    task = starts(client, url, auth={"type": "bearer", "token": "hush-hush"})
    run_exports()

    kept = ExportTask.objects.get(pk=task)
    assert "hush" not in str(kept.request)
    assert "hush" not in str(sends(client, "GET", f"/{task}").json)
    assert sources.seen["/a.csv"][0].headers["authorization"] == "Bearer hush-hush"
