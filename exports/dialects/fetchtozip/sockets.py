"""WS /api/export/ws/{task_id}: a task's status, and each change of it."""

from exports import services
from exports.dialects.fetchtozip import wire
from exports.dialects.fetchtozip.auth import NotAuthenticated, caller_of
from exports.dialects.fetchtozip.refusals import CHALLENGE
from exports.dialects.following import follow
from exports.errors import NoSuchTask
from exports.models import ExportTask
from tasks.dialects.socket import Socket
from tasks.engine.hub import hub

UNKNOWN = 4404


async def follow_task(socket: Socket, task_id: str) -> None:
    try:
        key = socket.headers.get("authorization")
        task = await hub.in_thread(_find, key, task_id)
    except NotAuthenticated:
        body = wire.dumps({"detail": wire.NO_KEY})
        await socket.refuse(401, body, headers=CHALLENGE)
        return
    await socket.accept(listen=False)
    if task is None:
        await socket.close(UNKNOWN)
        return
    await follow(socket, task, lambda job: wire.dumps(wire.frame(task.pk, job)))
    await socket.close(1000)


def _find(authorization: str | None, task_id: str) -> ExportTask | None:
    """Return the task; None where there is none, or it is another's."""
    try:
        return services.find_task(client=caller_of(authorization), task_id=task_id)
    except NoSuchTask:
        return None
