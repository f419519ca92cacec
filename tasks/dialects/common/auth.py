"""Who asks for tasks: the bearer of an access token of OIDC_ISSUER (contract 004)."""

from django.http import HttpRequest
from rest_framework.request import Request

from tasks.models import Client
from tasks.oidc import access
from tasks.oidc.errors import IdpDown, NotAuthenticated, OidcError, WrongScope

__all__ = [
    "IdpDown",
    "NotAuthenticated",
    "OidcError",
    "WrongScope",
    "caller_of",
]


def caller_of(request: HttpRequest | Request, *, scope: str) -> Client:
    """Return the client whose access token the request bears; `scope` is read or write.

    Every error has a `status` and the `headers` that go with the reply.

    Raises:
        NotAuthenticated: no token, or none to trust: 401.
        WrongScope: the token is not for this: 403.
        IdpDown: the provider cannot be asked: 503.
    """
    grant = access.grant_of(request.headers.get("Authorization", ""))
    if scope not in grant.scopes:
        raise WrongScope(scope)
    return access.client_behind(grant)
