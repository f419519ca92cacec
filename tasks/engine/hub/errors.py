"""Why a wait cannot begin, or ends early."""

from uuid import UUID

from tasks.errors import EntrepotError, Refused


class TooManyWaits(Refused):
    """As many waits are open as this client may have: a door's 429."""


class Closing(EntrepotError):
    """The web process stops; another one answers. A door's 503, or close code 1012."""


class JobGone(EntrepotError):
    """There is no such job, or no longer."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"There is no job {job_id}.")
        self.job_id = job_id
