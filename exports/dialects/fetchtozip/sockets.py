"""WS /api/export/ws/{task_id}: a task's status, and each change of it."""

from exports import services
from exports.dialects.fetchtozip import wire
from exports.dialects.fetchtozip.auth import NotAuthenticated, caller_of
from exports.dialects.fetchtozip.refusals import CHALLENGE
from exports.errors import NoSuchTask
from exports.models import ExportTask
from tasks.dialects.socket import Socket
from tasks.engine.hub import hub
from tasks.states import FINAL

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
    await _follow(socket, task)
    await socket.close(1000)


async def _follow(socket: Socket, task: ExportTask) -> None:
    async with hub.watching(task.job_id, client=str(task.client_id)) as watch:
        job, told = watch.job, b""
        while True:
            # Not each revision of a job is a change that this door tells of.
            if (frame := wire.dumps(wire.frame(task.pk, job))) != told:
                await socket.send_text(frame.decode())
                told = frame
            if job.state in FINAL:
                return
            job = await socket.while_open(watch.changed(job.rev))


def _find(authorization: str | None, task_id: str) -> ExportTask | None:
    """Return the task; None where there is none, or it is another's."""
    try:
        return services.find_task(client=caller_of(authorization), task_id=task_id)
    except NoSuchTask:
        return None
