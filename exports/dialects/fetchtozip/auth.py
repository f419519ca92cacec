"""Who asks for exports: a key's client, or the one that all anonymous callers share."""

from django.conf import settings

from exports import services
from exports.errors import ExportError
from tasks import context
from tasks.models import Client
from tasks.services import find_key

SCOPE = "export"


class NotAuthenticated(ExportError):
    """No key of this scope was shown where one is needed, or one that is no good."""


def caller_of(authorization: str | None) -> Client:
    """Return who sends this Authorization header.

    A bad key is refused also where none is needed: its owner means to be known.

    Raises:
        NotAuthenticated: nobody we know, or nobody we know any more.
    """
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() == "token":
        key = find_key(text.strip(), scope=SCOPE)
        if key is None:
            raise NotAuthenticated
        return key.client
    if not settings.EXPORT_OPEN:
        raise NotAuthenticated
    client = services.anonymous()
    if client.revoked_at is not None:
        raise NotAuthenticated
    context.note(client=client.pk)
    return client
