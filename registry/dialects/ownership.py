"""Who may see what is not for everybody: the owner, by token or by API key."""

from django.http import HttpRequest

from registry import services
from registry.errors import NotAuthorised
from registry.tokens import read_token, token_text
from tasks.services import find_key


def is_owner(request: HttpRequest, owner: str) -> bool:
    """Tell whether a token or an API key (scope datasets) is the owner's."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    key = find_key(text, scope="datasets") if scheme.lower() == "token" else None
    if key is not None:
        return services.owns(key.client, owner=owner)
    try:
        read_token(token_text(request)).of(owner)
    except NotAuthorised:
        return False
    return not services.is_revoked(owner)
