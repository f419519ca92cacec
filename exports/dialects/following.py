"""A task followed over a WebSocket, for every door that has one."""

from collections.abc import Callable

from exports.models import ExportTask
from tasks.dialects.socket import Socket
from tasks.engine.hub import hub
from tasks.models import Job
from tasks.states import FINAL


async def follow(
    socket: Socket, task: ExportTask, frame_of: Callable[[Job], bytes]
) -> None:
    """Send a frame for how a task stands, and for each change until it ends."""
    async with hub.watching(task.job_id, client=str(task.client_id)) as watch:
        job, told = watch.job, b""
        while True:
            # Not each revision of a job is a change that a door tells of.
            if (frame := frame_of(job)) != told:
                await socket.send_text(frame.decode())
                told = frame
            if job.state in FINAL:
                return
            job = await socket.while_open(watch.changed(job.rev))
