"""A task's processing job leads to the task's result."""

import pytest
from django.test import Client

from tasks.services import create_key
from tests.support.collecting import run_jobs
from tests.support.common import Api, Issuer, task_of
from tests.support.sources import Sources

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_jobs_api_leads_to_the_result(
    alice: Api, issuer: Issuer, sources: Sources
) -> None:
    _, key = create_key(client=issuer.client(), scopes=["jobs"])
    asset = {"file_name": "a", "download_url": sources.put("/a", b"a")}
    task_id = alice.create()
    alice.announce(task_id, asset, last=True)
    run_jobs()

    job_id = task_of(task_id).process_job_id

    told = Api(Client(), key).ask("GET", f"/jobs/{job_id}").json
    assert told["links"]["result"] == f"/api/v1/result?id={task_id}"
    assert alice.ask("GET", told["links"]["result"]).status == 200
