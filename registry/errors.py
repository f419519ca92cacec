"""What can be wrong with a request to the registry.

RegistryError
 ├─ NotAuthorised     the token is not one for this owner
 ├─ QuotaExceeded     the owner has as many datasets as the plan allows
 ├─ NotOfOwner        a dataset was named with another's owner
 ├─ StillRunning      the dataset's newest revision has not ended
 ├─ NoSuchRevision    there is none, or the caller may not know of it
 ├─ NoSuchPipeline    none such runs elsewhere, or the caller may not know of it
 ├─ NotPublishable    there is no such table to be shared
 ├─ RefreshFailed     the runner elsewhere could not be told of a new revision
 └─ BackupError       a backup cannot be read, or contradicts what is here
(and registry.spec.SpecError for what a document says)
"""

from tasks.errors import EntrepotError


class RegistryError(EntrepotError):
    """The root of the registry's own errors."""


class NotAuthorised(RegistryError):
    """No token, a bad one, or one of another owner."""


class QuotaExceeded(RegistryError):
    """A new dataset would be one more than the owner's plan has room for."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Max datasets for user exceeded plan limit ({limit})")


class NotOfOwner(RegistryError):
    """The dataset belongs to another owner than the one named with it."""


class StillRunning(RegistryError):
    """The dataset is being fetched now; it is not started twice."""


class NoSuchRevision(RegistryError):
    """Unknown dataset or revision, or one that is private to another."""


class NoSuchPipeline(RegistryError):
    """Unknown, or another's, or our own runner's, or its revision has ended."""


class RefreshFailed(RegistryError):
    """The runner elsewhere did not take note of a new revision, which stays."""

    def __init__(self) -> None:
        super().__init__("Failed to refresh pipelines status")


class NotPublishable(RegistryError):
    """There is no such table, or its stream is another than would be made."""


class BackupError(RegistryError):
    """A backup is damaged, of another version, or of another registry's past."""
