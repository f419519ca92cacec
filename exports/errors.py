"""What can be wrong with a request for an export.

ExportError
 ├─ NoInputs          nothing says which columns are wanted
 ├─ NoConfiguration   nothing says what is wanted of them
 ├─ NoSource          nor where they come from
 ├─ TooManyInputs     more columns than a caller may define
 ├─ NoSuchTask        there is none, or it is another's
 ├─ NotCancellable    the task has ended
 └─ PreviewFailed     no first rows can be shown; the message says why
"""

from exports.models import ExportTask
from tasks.errors import EntrepotError


class ExportError(EntrepotError):
    """The root of the exports' own errors; without a message, the class is one."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)


class NoInputs(ExportError):
    """The caller has defined no column."""


class NoConfiguration(ExportError):
    """The caller has configured nothing."""


class NoSource(ExportError):
    """Neither the configuration nor the service's settings name a source."""


class TooManyInputs(ExportError):
    """The caller would have more inputs than it may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"No more than {most} inputs can be defined.")


class NoSuchTask(ExportError):
    """Unknown, or another's."""


class NotCancellable(ExportError):
    """The task has ended, so there is nothing to stop."""

    def __init__(self, task: ExportTask) -> None:
        super().__init__(f"{task} has ended.")
        self.task = task


class PreviewFailed(ExportError):
    """The source or the configuration gives no rows to show; the message says why."""
