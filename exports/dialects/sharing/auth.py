"""Who reads shares: the holders of API keys (contract 3.3.1)."""

from collections.abc import Mapping

from exports.errors import ExportError
from tasks.models import ApiKey
from tasks.services import find_key

READ, APPEND = "share", "append"


class NotAuthenticated(ExportError):
    """An API key that may be used here is missing."""


def key_in(headers: Mapping[str, str]) -> str:
    """Return the text of `Authorization: token <key>`, or nothing."""
    scheme, _, text = headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "token" else ""


def caller_with(text: str, *, scope: str = READ) -> ApiKey:
    """Return the key that a text is.

    Raises:
        NotAuthenticated: it is none, or not one for this.
    """
    key = find_key(text, scope=scope)
    if key is None:
        raise NotAuthenticated
    return key
