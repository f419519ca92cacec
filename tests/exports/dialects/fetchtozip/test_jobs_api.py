"""An export is also a job, which tells where its file is."""

import pytest
from django.test import Client

from tasks.models import Job
from tests.support import jobsapi
from tests.support.fetchtozip import CSV, a_key, ask, ended, started

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_export_that_succeeded_tells_where_its_file_is(client: Client) -> None:
    caller, key = a_key()
    _, jobs_key = jobsapi.a_key()
    task_id = ended(client, key)
    job = Job.objects.get(client=caller)

    links = jobsapi.ask("GET", f"/jobs/{job.pk}", jobs_key).json["links"]

    assert links == {
        "self": f"/jobs/{job.pk}",
        "events": f"/jobs/{job.pk}/events",
        "result": f"/api/export/download/{task_id}",
    }
    path = links["result"].removeprefix("/api/export/")
    assert ask(client, "GET", path, key=key).body == CSV


def test_a_list_looks_for_all_files_at_once(client: Client) -> None:
    _, key = a_key()
    _, jobs_key = jobsapi.a_key()
    tasks = [ended(client, key) for _ in range(3)]
    open_one = started(client, key)

    listed = jobsapi.ask("GET", "/jobs", jobs_key).json["jobs"]

    links = [one["links"].get("result") for one in listed]
    newest_first = [None, *(f"/api/export/download/{one}" for one in tasks[::-1])]
    assert links == newest_first
    assert open_one not in str(links)
