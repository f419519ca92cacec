"""The files of a result that is a website."""

from uuid import UUID

from tasks.models import Artifact, Page, Phase, ResultType, Task


def find_page(*, task_id: UUID, path: str) -> Artifact | None:
    """Return what is at a path of a task's website; its first page by its own name."""
    task = Task.objects.select_related("result").filter(
        pk=task_id, phase=Phase.COMPLETED, result_type=ResultType.WEBSITE
    )
    found = task.first()
    if found is None or found.result is None:
        return None
    if path == found.result.name:
        return found.result
    page = Page.objects.select_related("artifact").filter(task=found, path=path)
    shown = page.first()
    return shown.artifact if shown else None
