"""Collecting: what becomes of assets that servers send in all sorts of ways."""

import hashlib

import pytest
from django.db import connection
from pytest_django import Settings

from tasks.archive import stored
from tasks.models import Artifact, Asset, AssetState, Phase
from tests.support.collecting import (
    a_task,
    announce,
    collected,
    named,
    start_idle,
    states,
)
from tests.support.exporting import leftovers
from tests.support.sources import Sources, gzipped
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.django_db(transaction=True)

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 1000


def test_assets_are_stored_with_what_they_are(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a.jpg", JPEG), sources.put("/b.txt", b"hello"))

    task = collected(task)

    assert (task.phase, task.percent) == ("WAITING", 100)
    assert (task.announced, task.downloaded, task.failed) == (2, 2, 0)
    first = task.assets.get(number=0)
    assert (first.state, first.attempts, first.size_bytes) == ("DOWNLOADED", 1, 1004)
    assert first.media_type == "image/jpeg"
    assert first.digest == hashlib.sha256(JPEG).hexdigest()
    assert first.artifact is not None
    with stored.store().open(first.digest) as file:
        assert file.read() == JPEG


def test_what_is_announced_later_is_fetched_by_another_job(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a", b"a"))
    first = collected(task).collect_job_id
    announce(task, sources.put("/b", b"b"))

    task = collected(task)

    assert (task.phase, task.downloaded) == ("WAITING", 2)
    assert task.collect_job_id != first
    assert len(sources.seen["/a"]) == 1


def test_what_is_announced_while_a_job_runs_is_fetched_by_it(sources: Sources) -> None:
    task = a_task()
    late = sources.put("/late", b"late")

    def announces(peer: Connection, request: Request) -> None:
        try:
            announce(task, late)
        finally:
            connection.close()  # this thread's own
        peer.send(ok(b"early"))

    announce(task, sources.act("/early", announces))
    job = task.client.jobs.get()

    task = collected(task)

    assert (task.phase, task.downloaded) == ("WAITING", 2)
    assert task.collect_job_id == job.pk


def test_an_empty_file_is_an_asset_like_others(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/empty.jpg", b""))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.size_bytes) == ("DOWNLOADED", 0)
    assert asset.media_type == "application/octet-stream"


def test_html_with_the_name_of_an_image_is_html(sources: Sources) -> None:
    task = a_task()
    page = b"\n<!-- hi --><!DOCTYPE html><html><body>Sorry</body></html>"
    announce(task, sources.put("/a.jpg", page, "Content-Type: image/jpeg"))

    collected(task)

    assert task.assets.get().media_type == "text/html"


def test_equal_content_is_stored_once(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a.jpg", JPEG), sources.put("/b.jpg", JPEG))

    collected(task)

    assert Artifact.objects.count() == 2
    assert len(leftovers()) == 1


def test_a_compressed_reply_is_stored_as_what_it_is(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a", gzipped(JPEG), "Content-Encoding: gzip"))

    collected(task)

    assert task.assets.get().size_bytes == len(JPEG)


def test_a_missing_file_fails_alone(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a", b"a"), sources.url("/gone?key=secret"))

    task = collected(task)

    assert (task.phase, task.percent, task.failed) == ("WAITING", 50, 1)
    asset = task.assets.get(number=1)
    assert (asset.state, asset.error_code) == ("FAILED", "bad_status")
    assert asset.error == f"{sources.url('/gone')} answered with status 404."


def test_the_first_failed_asset_fails_a_task_that_is_to_stop(sources: Sources) -> None:
    task = a_task(on_failure="stop")
    announce(task, named(sources.url("/gone"), "a.jpg"), sources.put("/b", b"b"))

    task = collected(task)

    assert task.phase == Phase.FAILED
    assert task.message == f"a.jpg: {sources.url('/gone')} answered with status 404."
    assert task.completed_at is not None


def test_a_temporary_error_is_tried_three_times(sources: Sources) -> None:
    task = a_task()
    announce(
        task,
        sources.act("/twice", *[ok(status="503 Busy")] * 2, ok(b"here")),
        sources.act("/always", ok(status="503 Busy")),
    )

    task = collected(task)

    assert states(task) == {"twice": "DOWNLOADED", "always": "FAILED"}
    assert [one.attempts for one in task.assets.order_by("number")] == [3, 3]
    assert len(sources.seen["/always"]) == 3


def test_a_redirect_to_a_private_address_is_refused(sources: Sources) -> None:
    task = a_task()
    moved = ok(b"", "Location: http://10.1.2.3/secret", status="302 Found")
    announce(task, sources.act("/a", moved))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.error_code, asset.attempts) == ("FAILED", "address", 1)


def test_a_file_over_the_limit_fails(sources: Sources, settings: Settings) -> None:
    settings.TASK_ASSET_MAX_MB = 1
    task = a_task()
    announce(task, sources.put("/big", b"x" * ((1 << 20) + 1)))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.error_code) == ("FAILED", "too_big")
    assert leftovers() == []


def test_a_server_that_hangs_fails_its_asset_and_no_other(
    sources: Sources, settings: Settings
) -> None:
    settings.OUTBOUND = sources.policy(read_timeout_s=0.2)
    task = a_task()

    def waits(peer: Connection, request: Request) -> None:
        peer.stopping.wait(5)

    hangs = sources.act("/hangs", waits)
    announce(task, hangs, sources.put("/b", b"b"), last=True)

    collected(task)

    assert states(task) == {"hangs": "FAILED", "b": "DOWNLOADED"}
    asset = task.assets.get(number=0)
    assert (asset.error_code, asset.attempts) == ("read_timeout", 3)


def test_names_are_made_safe_and_kept_apart(sources: Sources) -> None:
    task = a_task()
    a, b, c = (sources.put(path, path.encode()) for path in ("/a", "/b", "/c"))

    announce(task, named(a, "x.jpg"), named(b, "X.jpg"))
    announce(task, named(c, "../../etc/x.jpg"))

    assert list(states(task)) == ["x.jpg", "X-2.jpg", "x-3.jpg"]


def test_a_task_none_of_whose_assets_came_fails_with_the_reasons(
    sources: Sources,
) -> None:
    task = a_task()
    announce(task, named(sources.url("/gone"), "a.jpg"))
    collected(task)

    start_idle()

    task.refresh_from_db()
    assert task.phase == Phase.FAILED
    assert task.message.startswith("None of 1 assets could be downloaded: a.jpg: http")


def test_an_asset_that_failed_is_tried_again_when_it_is_sent_again(
    sources: Sources,
) -> None:
    task = a_task()
    url = sources.act("/a", ok(status="404 Not Found"), ok(b"now"))
    announce(task, url)
    assert collected(task).failed == 1

    announce(task, url)
    task = collected(task)

    assert (task.phase, task.downloaded, task.failed) == ("WAITING", 1, 0)
    asset = Asset.objects.get()
    assert (asset.state, asset.error) == (AssetState.DOWNLOADED, "")
