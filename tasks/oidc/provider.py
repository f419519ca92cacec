"""The one provider that is trusted: where its doors are, and its keys."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from tasks.oidc.asking import ASK_AGAIN_AFTER_S, ask
from tasks.oidc.errors import IdpDown
from tasks.oidc.jose import Header
from tasks.oidc.kept import Kept
from tasks.oidc.keys import Key, KeySet, read_keys

logger = logging.getLogger(__name__)

WELL_KNOWN = "/.well-known/openid-configuration"
DOORS_GOOD_FOR_S = 3600.0
KEYS_GOOD_FOR_S = 900.0


@dataclass(frozen=True)
class Doors:
    """The URLs of OpenID Connect Discovery 1.0, 3, and of RFC 8414; "" for none."""

    jwks: str
    introspection: str = ""
    authorization: str = ""
    token: str = ""
    userinfo: str = ""


class Provider:
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._doors = Kept(self._fetch_doors, good_for_s=DOORS_GOOD_FOR_S)
        self._keys = Kept(self.fetch_keys, good_for_s=KEYS_GOOD_FOR_S)

    @property
    def doors(self) -> Doors:
        """Return where it is asked what; raises IdpDown."""
        return self._doors.get()

    def keys_for(self, header: Header) -> list[Key]:
        """Return the keys that may have signed it, asking anew for an unknown one.

        Raises IdpDown when it cannot be told.
        """
        keys = self._keys.get()
        found = keys.fitting(kid=header.kid, algorithm=header.algorithm)
        if found or header.kid is None:
            return found
        if any(key.kid == header.kid for key in keys.keys):
            return []  # known, but not for this algorithm
        newer = self._keys.newer_than(keys)
        return newer.fitting(kid=header.kid, algorithm=header.algorithm)

    def _fetch_doors(self) -> Doors:
        told = ask("GET", self.issuer.rstrip("/") + WELL_KNOWN)
        if told.get("issuer") != self.issuer:
            raise self._useless("It calls itself by another name than OIDC_ISSUER.")
        doors = Doors(
            jwks=self._door(told, "jwks_uri"),
            introspection=self._door(told, "introspection_endpoint"),
            authorization=self._door(told, "authorization_endpoint"),
            token=self._door(told, "token_endpoint"),
            userinfo=self._door(told, "userinfo_endpoint"),
        )
        if not doors.jwks:
            raise self._useless("It does not say where its keys are.")
        return doors

    def _door(self, told: dict[str, Any], name: str) -> str:
        url = told.get(name, "")
        secure = self.issuer.startswith("https:")
        if not isinstance(url, str) or (url and secure and url[:8] != "https://"):
            raise self._useless(f"Its {name} is no https URL.")
        return url

    def fetch_keys(self) -> KeySet:
        """Ask for its keys anew; raises IdpDown."""
        try:
            return read_keys(ask("GET", self.doors.jwks))
        except ValueError:
            raise self._useless("Its key set holds no keys.") from None

    def _useless(self, why: str) -> IdpDown:
        logger.error(
            "The identity provider cannot be used.",
            extra={"issuer": self.issuer, "why": why},
        )
        return IdpDown(retry_after_s=ASK_AGAIN_AFTER_S)


_known: dict[str, Provider] = {}
_guard = threading.Lock()


def current() -> Provider | None:
    """Return the provider of OIDC_ISSUER, if there is one."""
    issuer = settings.OIDC_ISSUER
    if not issuer:
        return None
    with _guard:
        if issuer not in _known:
            _known.clear()
            _known[issuer] = Provider(issuer)
        return _known[issuer]


def forget() -> None:
    """Let what is known of the provider go."""
    with _guard:
        _known.clear()
