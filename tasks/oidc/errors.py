"""What can be wrong with who asks, and with the provider that should vouch for them.

OidcError
 ├─ NotAuthenticated  send a good access token
 │   └─ BadToken      the one that was sent is not one to trust
 ├─ WrongScope        the token is good, and not for this
 └─ IdpDown           ask again later: the provider cannot be asked
"""

from tasks.errors import EntrepotError

REALM = 'Bearer realm="tasks"'


class OidcError(EntrepotError):
    """The root of what stops a caller; `headers` go with the reply."""

    status = 401
    headers: dict[str, str]


class NotAuthenticated(OidcError):
    """An access token is needed: send "Authorization: Bearer <token>"."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)
        self.headers = {"WWW-Authenticate": REALM}


class BadToken(NotAuthenticated):
    """The token was refused; the message says why and quotes nothing of it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The access token is refused: {why}.")
        self.why = why
        told = f'{REALM}, error="invalid_token", error_description="{why}"'
        self.headers = {"WWW-Authenticate": told}


class WrongScope(OidcError):
    """The token lacks a scope (RFC 6750 3.1)."""

    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f'The access token lacks the scope "{scope}".')
        told = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        self.headers = {"WWW-Authenticate": told}


class IdpDown(OidcError):
    """The identity provider cannot be asked now."""

    status = 503

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__("The identity provider does not answer: try again later.")
        self.retry_after_s = retry_after_s
        self.headers = {"Retry-After": str(retry_after_s)}
