"""What can be wrong with what a database gives."""

from collections import Counter
from collections.abc import Sequence

from exports.tables.errors import BadHeader, TableError
from tasks.errors import WorkFailed


class Uneven(TableError):
    """A later row does not fit the types of the first; read again, with care."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"{shown}: the rows changed while they were read.")


def database_says(shown: str, message: str) -> WorkFailed:
    """Quote the database's own words, which name tables and columns but no address."""
    words = " ".join(message.split())[:300].rstrip(".")
    return WorkFailed("database", f"{shown}: the database says: {words}.")


def unreachable(shown: str) -> WorkFailed:
    # Not in the database's words: they name hosts, users and files.
    message = f"{shown}: the database cannot be reached, or does not let us in."
    return WorkFailed("database_unreachable", message, temporary=True)


def locked(shown: str) -> WorkFailed:
    message = f"{shown}: the database is locked by who writes to it."
    return WorkFailed("database_locked", message, temporary=True)


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names. Raises BadHeader."""
    if not names:
        raise BadHeader("There are no columns.")
    [(name, count)] = Counter(names).most_common(1)
    if count > 1:
        message = (
            f"{count} columns are called {name!r}; name them apart in the query (AS)."
        )
        raise BadHeader(message, column=name)
    return list(names)
