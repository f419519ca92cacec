"""What can be wrong with a request to the registry.

RegistryError
 ├─ NotAuthorised     the token is not one for this owner
 ├─ QuotaExceeded     the owner has as many datasets as the plan allows
 └─ NoSuchRevision    there is none, or the caller may not know of it
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


class NoSuchRevision(RegistryError):
    """Unknown dataset or revision, or one that is private to another."""
