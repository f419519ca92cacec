"""Tasks in tests: assets announced, collected and processed by an engine of ours."""

from datetime import timedelta
from typing import Any

from tasks.collecting import services, sweep
from tasks.collecting.services import AssetRequest
from tasks.engine import clock, shift
from tasks.models import Asset, Client, Job, Task
from tests.support.jobs import a_client

MOST_SHIFTS = 50
PLACE = {"longitude": 16.37, "latitude": 48.21}


def a_task(client: Client | None = None, **fields: Any) -> Task:
    return services.create_task(client=client or a_client(), **fields)


def named(url: str, file_name: str = "", **attributes: Any) -> AssetRequest:
    name = file_name or url.rpartition("/")[2]
    return AssetRequest(file_name=name, attributes=PLACE | attributes, url=url)


def announce(
    task: Task, *assets: AssetRequest | str, last: bool = False
) -> list[Asset]:
    """Announce assets, each by its URL or as a whole, in batches that are allowed."""
    asked = [named(one) if isinstance(one, str) else one for one in assets]
    return services.announce(
        client=task.client, task_id=task.pk, assets=asked, last=last
    )


def run_jobs(*, tries: int = MOST_SHIFTS) -> None:
    """Work until nothing is queued, retries at once."""
    for _ in range(tries):
        shift.answer()
        if not Job.objects.open().update(due_at=clock.now()):
            return


def collected(task: Task) -> Task:
    """Run all there is to do, and return the task as it is then."""
    run_jobs()
    return fresh(task)


def start_idle() -> None:
    """Let the sweep pass, long after now."""
    sweep.start_idle(at=clock.now() + timedelta(days=1))


def fresh(task: Task) -> Task:
    return Task.objects.select_related("result").get(pk=task.pk)


def states(task: Task) -> dict[str, str]:
    """Return the state of each asset by its name, in their order."""
    rows = task.assets.order_by("number")
    return dict(rows.values_list("name", "state"))
