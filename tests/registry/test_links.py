"""A pipeline is also a job, which tells which revision it is of."""

import pytest
from django.test import Client

from tasks.models import Client as Caller
from tasks.models import Job
from tasks.services import create_key
from tests.support import jobsapi
from tests.support.sources import Sources
from tests.support.specstore import revision_of, run_to_end, spec_of, table

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pipeline_that_succeeded_tells_its_revision(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.csv", b"a,b\n1,2\n")
    run_to_end(client, spec_of(table("a", url, "a", "b")))
    _, key = create_key(client=Caller.objects.get(), scopes=["jobs"])
    job = Job.objects.filter(kind="registry.pipeline", state="succeeded").first()
    assert job

    links = jobsapi.ask("GET", f"/jobs/{job.pk}", key).json["links"]

    assert links["result"] == "/source/me/id/1"
    assert revision_of(client, "me/id/1")["id"] == "me/id/1"
