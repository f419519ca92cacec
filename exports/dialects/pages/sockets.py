"""WS /export/new/{task_id}/follow: how far an export is, and each change of it."""

from exports.dialects.following import follow
from exports.dialects.pages import told
from exports.dialects.pages.visitors import NotAllowed, visitor_by_cookie
from exports.errors import NoSuchTask
from exports.models import ExportTask
from tasks.dialects.socket import Socket
from tasks.engine.hub import hub

UNKNOWN = 4404


async def follow_export(socket: Socket, task_id: str) -> None:
    task = await hub.in_thread(_find, socket.headers.get("cookie", ""), task_id)
    await socket.accept(listen=False)
    if task is None:
        await socket.close(UNKNOWN)
        return
    await follow(socket, task, told.frame)
    await socket.close(1000)


def _find(cookie: str, task_id: str) -> ExportTask | None:
    """Return the task; None where there is none, or it is another's."""
    try:
        return visitor_by_cookie(cookie).find(task_id)
    except (NotAllowed, NoSuchTask):
        return None
