"""Why a request about a task was not followed.

EntrepotError
 ├─ NoSuchTask      there is none of this client's
 ├─ TaskClosed      it is too late for that
 ├─ TooManyAssets   for one batch, or for one task
 └─ BadAsset        one of a batch is not as it must be, so none was taken
"""

from tasks.errors import EntrepotError


class NoSuchTask(EntrepotError):
    """There is no such task, or it is another client's."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class TaskClosed(EntrepotError):
    """The task's phase does not allow it any more."""


class TooManyAssets(EntrepotError):
    """A batch, or a task with it, has more assets than it may have."""


class BadAsset(EntrepotError):
    """An asset of a batch cannot be taken; `where` names the part of the body."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason
