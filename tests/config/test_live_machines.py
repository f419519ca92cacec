"""Several machines, each with a disk of its own, are one service."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pytest_django import DjangoDbBlocker

from tasks.models import Job
from tests.support.backends import why_not
from tests.support.faulty_s3 import FaultyS3
from tests.support.machines import Machines, kill, look, machines, upload
from tests.support.polling import until
from tests.support.sources import Sources, csv_of
from tests.support.specstore import spec_of, table
from tests.support.stores import KeptInBucket, S3Server, s3_server

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        bool(why_not("postgresql") or why_not("redis")),
        reason="needs PostgreSQL and Redis",
    ),
]
ENDS_WITHIN_S = 90.0
FILES = {
    "archive/a.csv",
    "data/a_csv.csv",
    "data/a_csv_preview.json",
    "data/a_json.json",
    "data/validation_report.json",
    "datapackage.json",
    "id.zip",
}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def server(s3: S3Server) -> Iterator[FaultyS3]:
    with FaultyS3(s3.url) as between:
        yield between


@pytest.fixture
def bucket(s3: S3Server, server: FaultyS3) -> KeptInBucket:
    return s3.bucket(through=server.origin)


@pytest.fixture
def service(
    bucket: KeptInBucket,
    tmp_path: Path,
    django_db_blocker: DjangoDbBlocker,
    _templates: None,
) -> Iterator[Machines]:
    with django_db_blocker.unblock(), machines(tmp_path, bucket) as running:
        yield running
        print(running.logs[-8000:])


def ended(address: str, flow_id: str) -> str:
    def state() -> str:
        found: str = look(address, flow_id)["state"]
        return found if found in {"SUCCEEDED", "FAILED"} else ""

    return until(state, within_s=ENDS_WITHIN_S, what=f"{flow_id} ends")


def test_what_one_machine_takes_in_another_makes_and_a_third_hands_out(
    service: Machines, sources: Sources, bucket: KeptInBucket
) -> None:
    rows = csv_of([("id", "name"), *((n, f"name {n}") for n in range(20_000))])
    spec = spec_of(table("a", sources.put("/a.csv", rows), "id", "name"))
    one, two = service.web(), service.web()
    first, _ = service.work(), service.work()
    until(
        lambda: requests.get(f"{two}/readyz", timeout=20).status_code == 200,
        within_s=ENDS_WITHIN_S,
        what="the workers are seen",
    )

    earlier = upload(one, spec)
    assert ended(two, earlier) == "SUCCEEDED"
    later = upload(one, spec | {"schedule": "every 1d"})
    kill(first)  # what it had begun is done by the other
    assert ended(two, later) == "SUCCEEDED"

    files = f"{two}/datasets/{earlier}"
    got = requests.get(f"{files}/data/a_csv.csv", timeout=20)
    assert got.content == rows
    part = requests.get(
        f"{files}/archive/a.csv", headers={"Range": "bytes=3-6"}, timeout=20
    )
    assert (part.status_code, part.content) == (206, b"name")
    package = requests.get(f"{files}/datapackage.json", timeout=20).json()
    assert {made["path"] for made in package["resources"]} <= FILES
    for path in sorted(FILES):
        assert requests.get(f"{files}/{path}", timeout=20).status_code == 200, path
    assert len(bucket.files()) == len(FILES)
    assert not list(service.folder.glob("*/store"))


@pytest.mark.faults
def test_a_store_that_is_down_for_a_while_costs_no_job(
    service: Machines, sources: Sources, server: FaultyS3
) -> None:
    source = sources.put("/a.csv", csv_of([("id",), (1,), (2,)]))
    web = service.web()
    service.work()
    server.down = True
    until(
        lambda: requests.get(f"{web}/readyz", timeout=30).json()["worker"] == "ok",
        within_s=ENDS_WITHIN_S,
        what="the worker is seen",
    )
    not_ready = requests.get(f"{web}/readyz", timeout=30)
    assert not_ready.status_code == 503
    assert not_ready.json()["store"].startswith("The store does not answer")

    flow_id = upload(web, spec_of(table("a", source, "id")))
    until(
        lambda: Job.objects.filter(retries__gt=0).exists(),
        within_s=ENDS_WITHIN_S,
        what="a job is to be tried again",
    )
    server.down = False

    assert ended(web, flow_id) == "SUCCEEDED"
    assert requests.get(f"{web}/readyz", timeout=30).status_code == 200
    # The server ends in order, and then by the signal that it was sent.
    assert service.stop() == [-signal.SIGTERM, 0]
