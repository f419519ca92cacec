"""Staff who sign in at the provider: who they are, and what they may do here.

mozilla-django-oidc keeps the flow (state, nonce, PKCE, session). What it would ask the
provider by itself is asked through the guard, and what it would not check is checked.
"""

import hashlib
import logging
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from tasks import roles
from tasks.oidc import provider
from tasks.oidc.asking import ask
from tasks.oidc.errors import BadToken, NotAuthenticated
from tasks.oidc.id_tokens import read_id_token
from tasks.oidc.opaque import basic_credentials
from tasks.oidc.options import StaffClaim
from tasks.oidc.provider import Provider
from tasks.roles import Role

logger = logging.getLogger(__name__)

PREFIX = "oidc:"  # of the user names made here
# Who may sign in is the provider's to say: these users make no other users.
CLOSED_APPS = frozenset({"admin", "auth", "axes", "contenttypes", "sessions"})


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)


class RefusedByProvider(BadToken):
    """The provider takes neither this code nor this token."""

    def __init__(self) -> None:
        super().__init__("the provider refuses it")


class StaffBackend(OIDCAuthenticationBackend):  # type: ignore[misc]  # untyped library
    """Signs in who has the claim of a role, as a user of that issuer's alone."""

    def __init__(self) -> None:
        # The library would ask for the provider's doors here, at every page.
        self.UserModel = get_user_model()
        self.OIDC_RP_CLIENT_ID = settings.OIDC_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.OIDC_CLIENT_SECRET

    def authenticate(
        self, request: HttpRequest | None, nonce: str = "", **credentials: Any
    ) -> User | None:
        # Without a nonce it is no sign-in that began here, such as a password's.
        if request is None or not nonce or not is_on():
            return None
        try:
            user: User | None = super().authenticate(
                request, nonce=nonce, code_verifier=credentials.get("code_verifier")
            )
        except NotAuthenticated as refused:
            logger.warning("A sign-in was refused.", extra={"why": str(refused)})
            return None
        return user

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        form = {k: v for k, v in payload.items() if k != "client_secret"}
        headers = {
            "Authorization": basic_credentials(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return ask(
            "POST",
            _provider().doors.token,
            headers=headers,
            body=urlencode(form).encode(),
            problem=RefusedByProvider,
        )

    def verify_token(self, token: object, **flow: Any) -> dict[str, Any]:
        return read_id_token(
            token,
            trusted=_provider(),
            client_id=settings.OIDC_CLIENT_ID,
            nonce=flow.get("nonce") or "",
        )

    def get_userinfo(
        self, access_token: object, id_token: object, payload: dict[str, Any]
    ) -> dict[str, Any]:
        """Add what only the user info says; it must be of the same subject (5.3.2)."""
        door = _provider().doors.userinfo
        knows_all = role_of(payload) is Role.ADMINISTRATOR
        if not door or not isinstance(access_token, str) or knows_all:
            return payload
        headers = {"Authorization": f"Bearer {access_token}"}
        told = ask("GET", door, headers=headers, problem=RefusedByProvider)
        if told.get("sub") != payload["sub"]:
            raise BadToken("the user info is about somebody else")
        return {**told, **payload}

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        if role_of(claims):
            return True
        # Who was staff, and is no more, is not let in by an older session either.
        self.filter_users_by_claims(claims).update(is_staff=False)
        logger.warning("Somebody who is not staff tried to sign in.")
        return False

    def filter_users_by_claims(self, claims: dict[str, Any]) -> QuerySet[User]:
        # Never by e-mail address: whoever could choose it would be that user.
        return User.objects.filter(username=username_of(claims))

    def create_user(self, claims: dict[str, Any]) -> User:
        user, _ = User.objects.get_or_create(
            username=username_of(claims), defaults={"password": make_password(None)}
        )
        return self.update_user(user, claims)

    def update_user(self, user: User, claims: dict[str, Any]) -> User:
        user.is_staff = True
        user.email = _text(claims, "email", 254)
        shown = _text(claims, "name", 150)
        user.first_name = shown or _text(claims, "preferred_username", 150)
        user.save(update_fields=["is_staff", "email", "first_name"])
        roles.give(user, role_of(claims) or Role.VIEWER)
        return user

    def has_perm(
        self, user_obj: AbstractBaseUser, perm: str, obj: Model | None = None
    ) -> bool:
        open_to_them = _is_open(user_obj, perm.partition(".")[0])
        return open_to_them and bool(super().has_perm(user_obj, perm, obj))

    def has_module_perms(self, user_obj: AbstractBaseUser, app_label: str) -> bool:
        open_to_them = _is_open(user_obj, app_label)
        return open_to_them and bool(super().has_module_perms(user_obj, app_label))


def _is_open(user: AbstractBaseUser, app_label: str) -> bool:
    ours = user.get_username().startswith(PREFIX)
    able = user.is_active and getattr(user, "is_staff", False)
    return bool(ours and able and app_label not in CLOSED_APPS)


def username_of(claims: dict[str, Any]) -> str:
    """Name a user after issuer and subject, so that no other issuer can mean them."""
    subject = f"{claims['iss']} {claims['sub']}"
    return f"{PREFIX}{hashlib.sha256(subject.encode()).hexdigest()[:40]}"


def role_of(claims: dict[str, Any]) -> Role | None:
    """Return the highest role that the claims give; None for who is not staff."""
    claims_of = {
        Role.ADMINISTRATOR: settings.OIDC_ADMINISTRATOR_CLAIM,
        Role.OPERATOR: settings.OIDC_OPERATOR_CLAIM,
        Role.VIEWER: settings.OIDC_STAFF_CLAIM,
    }
    found = (role for role, needed in claims_of.items() if _has(claims, needed))
    return next(found, None)


def _has(claims: dict[str, Any], needed: StaffClaim) -> bool:
    found: Any = claims
    for name in needed.path:
        found = found.get(name) if isinstance(found, dict) else None
    return needed.value in found if isinstance(found, list) else found == needed.value


def _text(claims: dict[str, Any], name: str, longest: int) -> str:
    value = claims.get(name)
    fits = isinstance(value, str) and value.isprintable() and len(value) <= longest
    return str(value) if fits else ""


def _provider() -> Provider:
    trusted = provider.current()
    if trusted is None:
        raise BadToken("this service trusts no issuer")
    return trusted
