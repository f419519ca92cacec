"""Announcing assets: what is taken, what is refused, and what comes twice."""

from uuid import uuid4

import pytest
from pytest_django import Settings

from tasks.collecting import services
from tasks.collecting.errors import BadAsset, NoSuchTask, TaskClosed, TooManyAssets
from tasks.collecting.services import AssetRequest
from tasks.errors import TooManyJobs
from tasks.models import Asset, Job, Phase
from tests.support.collecting import a_task, announce, fresh, named
from tests.support.jobs import a_client

pytestmark = pytest.mark.django_db(transaction=True)

URL = "http://example.org/a.jpg"


@pytest.fixture(autouse=True)
def _contract(settings: Settings) -> None:
    settings.TASK_ATTRIBUTES = ["longitude", "latitude"]
    settings.TASK_ASSETS_PER_BATCH = 100


def test_the_first_batch_begins_the_downloads() -> None:
    task = a_task()
    assert (task.phase, task.percent) == ("CREATED", 0)

    (asset,) = announce(task, URL)

    task = fresh(task)
    assert (task.phase, task.announced, task.percent) == ("DOWNLOADING", 1, 0)
    assert task.collect_job_id == Job.objects.get().pk
    assert (asset.number, asset.name, asset.state) == (0, "a.jpg", "WAITING")


def test_a_batch_that_comes_twice_is_one() -> None:
    task = a_task()
    batch = [named(URL), named(URL, "b.jpg"), named(f"{URL}?size=2")]

    first = announce(task, *batch)
    again = announce(task, *batch, named(URL))

    assert [one.pk for one in again] == [one.pk for one in first]
    assert [one.name for one in again] == ["a.jpg", "b.jpg", "a.jpg_size=2"]
    assert (fresh(task).announced, Job.objects.count()) == (3, 1)


def test_an_asset_that_comes_twice_in_a_batch_is_one() -> None:
    task = a_task()

    assets = announce(task, URL, URL)

    assert len(assets) == 1
    assert fresh(task).announced == 1


def test_values_of_attributes_may_be_any_json() -> None:
    task = a_task()
    odd = {"longitude": None, "latitude": [{"deep": "a\0b\ud800"}], "more": 1.5}

    announce(task, AssetRequest("a", odd, URL))

    kept = Asset.objects.get().attributes
    assert kept == {
        "longitude": None,
        "latitude": [{"deep": "a\ufffdb?"}],
        "more": 1.5,
    }


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param(
            AssetRequest("b", {"longitude": 1}, URL),
            "data[1].attributes: latitude missing",
            id="attribute",
        ),
        pytest.param(
            AssetRequest("b", {}, URL),
            "data[1].attributes: longitude, latitude missing",
            id="attributes",
        ),
        pytest.param(
            named("ftp://example.org/a", "b"),
            "data[1].download_url: ftp://example.org/a is neither http nor https.",
            id="scheme",
        ),
        pytest.param(
            named("http://me:secret@example.org/", "b"),
            "data[1].download_url: example.org/ holds a user name or a password.",
            id="password",
        ),
        pytest.param(
            AssetRequest("", {"longitude": 1, "latitude": 2}, URL),
            "data[1].file_name: is empty",
            id="no name",
        ),
        pytest.param(
            named(URL, "x" * 1001),
            "data[1].file_name: is longer than 1000 characters",
            id="long name",
        ),
    ],
)
def test_of_a_batch_with_a_fault_nothing_is_taken(
    bad: AssetRequest, message: str
) -> None:
    task = a_task()

    with pytest.raises(BadAsset) as error:
        announce(task, named(URL), bad)

    assert str(error.value) == message
    assert (fresh(task).phase, Asset.objects.count()) == ("CREATED", 0)


def test_a_batch_over_the_limit_is_refused() -> None:
    task = a_task()
    assets = [named(f"{URL}?{n}", f"{n}") for n in range(101)]

    announce(task, *assets[:100])
    with pytest.raises(TooManyAssets, match="may have 100 assets, this one has 101"):
        announce(task, *assets)

    assert fresh(task).announced == 100


def test_a_task_over_its_limit_is_refused(settings: Settings) -> None:
    settings.TASK_MAX_ASSETS = 3
    task = a_task()
    assets = [named(f"{URL}?{n}", f"{n}") for n in range(4)]

    announce(task, *assets[:2])
    with pytest.raises(TooManyAssets, match="may have 3 assets, this one would have 4"):
        announce(task, *assets)
    announce(task, *assets[:3])

    assert fresh(task).announced == 3


def test_another_client_finds_no_task() -> None:
    task, bob = a_task(), a_client("bob")

    with pytest.raises(NoSuchTask):
        services.announce(client=bob, task_id=task.pk, assets=[named(URL)])
    with pytest.raises(NoSuchTask):
        services.find_task(client=bob, task_id=task.pk)
    with pytest.raises(NoSuchTask):
        services.start(client=bob, task_id=task.pk)
    with pytest.raises(NoSuchTask):
        services.delete_task(client=bob, task_id=task.pk)
    with pytest.raises(NoSuchTask):
        services.announce(client=task.client, task_id=uuid4(), assets=[])


@pytest.mark.parametrize("phase", ["PROCESSING", "FAILED", "CANCELLED"])
def test_nothing_is_added_once_a_task_has_gone_on(phase: str) -> None:
    task = a_task()
    ended = None if phase == "PROCESSING" else task.created_at
    task.phase, task.completed_at = Phase(phase), ended
    task.save()

    with pytest.raises(TaskClosed, match=f"the task is {phase}"):
        announce(task, URL)


def test_after_the_last_batch_only_what_is_known_may_come_again() -> None:
    task = a_task()
    announce(task, URL, last=True)

    announce(task, URL, last=True)
    with pytest.raises(TaskClosed, match="the last batch has come"):
        announce(task, f"{URL}?2")

    assert fresh(task).announced == 1


def test_a_client_has_so_many_unfinished_tasks_and_no_more() -> None:
    client = a_client()
    client.max_open_jobs = 2
    client.save()
    a_task(client)
    ended = a_task(client)

    with pytest.raises(TooManyJobs, match="2 unfinished tasks"):
        a_task(client)
    services.delete_task(client=client, task_id=ended.pk)
    a_task(client)
