"""Who asks for jobs: the client of an API key, in either of two schemes."""

from tasks.errors import EntrepotError
from tasks.models import Client
from tasks.services import find_key

SCOPE = "jobs"
SCHEMES = ("token", "bearer")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="jobs"'}


class NotAuthenticated(EntrepotError):
    """An API key of the scope "jobs" is needed."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def caller_of(authorization: str | None) -> Client:
    """Return who sends this Authorization header.

    Raises:
        NotAuthenticated: nobody we know, or nobody we know any more.
    """
    scheme, _, text = (authorization or "").partition(" ")
    known = scheme.lower() in SCHEMES
    key = find_key(text.strip(), scope=SCOPE) if known else None
    if key is None:
        raise NotAuthenticated
    return key.client
