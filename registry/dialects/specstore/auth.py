"""Whose revisions a callback may be about (contract 3.1.6, fact 2)."""

from django.conf import settings
from rest_framework.request import Request

from registry.elsewhere import flow_of
from registry.errors import NotAuthorised
from registry.models import Revision, RevisionQuerySet
from tasks.services import find_key

SCOPE = "callback"


def within_reach(request: Request, token: str) -> RevisionQuerySet:
    """Return the revisions whose callbacks are taken from this caller.

    Raises:
        NotAuthorised: there can be none.
    """
    if token:
        return Revision.objects.of_flow(flow_of(token))
    if settings.SOURCE_UPDATE_OPEN:
        return Revision.objects.all()
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    key = find_key(text, scope=SCOPE) if scheme.lower() == "token" else None
    if key is None:
        raise NotAuthorised("neither a key nor a callback path")
    return Revision.objects.for_client(key.client)
