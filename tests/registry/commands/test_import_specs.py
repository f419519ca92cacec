"""manage.py import_specs DIR: every spec of a folder, each on its own."""

import io
import json
import threading
from pathlib import Path
from time import sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from registry.models import Revision
from tasks.models import Job
from tests.support.specstore import spec_of

pytestmark = pytest.mark.django_db


class Said:
    def __init__(self, folder: Path, *options: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.failed = ""
        try:
            call_command("import_specs", str(folder), *options, stdout=out, stderr=err)
        except CommandError as error:
            self.failed = str(error)
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "specs"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text)


def test_each_spec_is_taken_as_its_owners(folder: Path) -> None:
    put(folder, "b.json", spec_of(owner="you", dataset="b"))
    put(folder, "a.json", spec_of(owner="me", dataset="a"))
    put(folder, "read.me", "no spec")

    said = Said(folder)

    assert (said.failed, said.out) == ("", "me/a/1\nyou/b/1\n")
    assert said.err.splitlines() == [
        "a.json  taken    me/a/1",
        "b.json  taken    you/b/1",
        "2 taken, none refused.",
    ]


def test_there_is_no_quota(folder: Path) -> None:
    for number in range(12):
        put(folder, f"{number:02}.json", spec_of(dataset=f"d{number}"))

    assert Said(folder).out.splitlines()[-1] == "me/d11/1"


def test_what_is_refused_stops_no_other_and_fails_the_command(folder: Path) -> None:
    put(folder, "1.json", "{")
    put(folder, "2.json", spec_of(schedule="never"))
    put(folder, "3.json", spec_of(dataset=".."))
    put(folder, "4.json", "[]")
    (folder / "5.json").mkdir()
    put(folder, "six.json", spec_of())

    said = Said(folder)

    assert said.out == "me/id/1\n"
    assert said.failed == "1 taken, 5 refused."
    assert Revision.objects.count() == 1
    lines = said.err.splitlines()
    assert lines[0].startswith("1.json    refused  not JSON: ")
    assert lines[1:6] == [
        "2.json    refused  Schedule should start with 'every'",
        "3.json    refused  Validation failed for contents",
        "                   meta.dataset: should not start with a dot",
        "4.json    refused  Missing owner in spec",
        "5.json    refused  Is a directory",
    ]


def test_an_empty_folder_is_no_fault(folder: Path) -> None:
    assert (Said(folder).failed, Said(folder).out) == ("", "")


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    assert "is no folder" in Said(tmp_path / "none").failed


def test_too_much_work_is_refused(folder: Path, settings: Settings) -> None:
    settings.MAX_OPEN_JOBS_PER_CLIENT = 1
    for name in ("a", "b"):
        put(folder, f"{name}.json", spec_of(dataset=name))

    said = Said(folder)

    assert said.out == "me/a/1\n"
    assert "b.json  refused  " in said.err
    assert "unfinished jobs" in said.err


@pytest.mark.django_db(transaction=True)
def test_with_patience_there_is_room_in_the_end(
    folder: Path, settings: Settings
) -> None:
    settings.MAX_OPEN_JOBS_PER_CLIENT = 1
    for name in ("a", "b"):
        put(folder, f"{name}.json", spec_of(dataset=name))

    def make_room() -> None:
        try:
            while not Revision.objects.filter(dataset__name="a").exists():
                sleep(0.02)
            Job.objects.update(state="failed", due_at=None)
        finally:
            connection.close()

    worker = threading.Thread(target=make_room)
    worker.start()
    said = Said(folder, "--wait")
    worker.join()

    assert (said.failed, said.out) == ("", "me/a/1\nme/b/1\n")


def test_a_runner_elsewhere_that_does_not_answer_is_told(
    folder: Path, settings: Settings
) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.DPP_URL = "http://127.0.0.1:9/"
    put(folder, "a.json", spec_of())

    said = Said(folder)

    assert said.failed == "Failed to refresh pipelines status"
    assert said.out == "me/id/1\n"
