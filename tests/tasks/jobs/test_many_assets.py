"""As many assets as a task may have."""

import pytest

from tasks.archive import stored
from tasks.collecting import services
from tasks.models import Artifact
from tests.support.collecting import a_task, announce, collected
from tests.support.exporting import leftovers
from tests.support.sources import Sources

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.faults)])
def test_all_assets_of_a_large_task_are_collected(count: int, sources: Sources) -> None:
    task = a_task()
    urls = [sources.put(f"/{n}.txt", str(n % 100).encode()) for n in range(count)]
    for at in range(0, count, 100):
        announce(task, *urls[at : at + 100])

    task = collected(task)

    assert (task.phase, task.percent) == ("WAITING", 100)
    assert (task.announced, task.downloaded) == (count, count)
    assert sources.hits == count
    assert Artifact.objects.count() == count
    assert len(leftovers()) == len(list(stored.store().digests())) == 100
    services.delete_task(client=task.client, task_id=task.pk)
    assert (leftovers(), Artifact.objects.count()) == ([], 0)
