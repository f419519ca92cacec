"""Identifiers of macaroons: whose they are, their secrets, and their end."""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from exports.errors import ExportError
from exports.models import MacaroonIdentifier
from tasks.errors import SealBroken
from tasks.models import Client, Identity
from tasks.sealed import unseal
from tasks.services import client_of


class NoSecret(ExportError):
    """Neither the identifier nor the service has a secret, or it cannot be read."""


class AnothersIdentifier(ExportError):
    """The identifier belongs to another client."""


def find_identifier(identifier: str) -> MacaroonIdentifier | None:
    known = MacaroonIdentifier.objects.named(identifier)
    return known.select_related("identity__client").first()


def secret_of(known: MacaroonIdentifier | None) -> bytes:
    """Return what signs an identifier's tokens: its own secret, else the service's.

    Raises:
        NoSecret: there is none.
    """
    if known is None or not known.sealed_secret:
        secret: str = settings.MACAROON_SECRET
    else:
        try:
            secret = unseal(known.sealed_secret)
        except SealBroken as error:
            raise NoSecret(str(error)) from None
    if not secret:
        raise NoSecret("MACAROON_SECRET is not set.")
    return secret.encode()


@transaction.atomic
def keep_identifier(
    identifier: str, *, client: Client | None = None, listed_only: bool = False
) -> MacaroonIdentifier:
    """Return an identifier's row; the first call makes it, and its client if need be.

    `listed_only` stays once it was said: tokens of that kind are out there.

    Raises:
        AnothersIdentifier: it belongs to another client than the one given.
    """
    identity = claim_identity(identifier, client)
    known, _ = MacaroonIdentifier.objects.get_or_create(identity=identity)
    if listed_only and not known.listed_only:
        known.listed_only = True
        known.save(update_fields=["listed_only"])
    return known


@transaction.atomic
def claim_identity(identifier: str, client: Client | None) -> Identity:
    """Return the identity behind an identifier, made for `client` if it is new.

    Raises:
        AnothersIdentifier: it belongs to another client than the one given.
    """
    if client is None:
        client_of(Identity.Scheme.MACAROON, identifier)
    else:
        Identity.objects.get_or_create(
            scheme=Identity.Scheme.MACAROON,
            subject=identifier,
            defaults={"client": client},
        )
    check_owner(identifier, client)
    return _identities(identifier).get()


def check_owner(identifier: str, client: Client | None) -> None:
    """Check that an identifier is free, or this client's.

    Raises:
        AnothersIdentifier: it is another's.
    """
    identity = _identities(identifier).first()
    if identity and client and identity.client != client:
        raise AnothersIdentifier(f"{identifier!r} belongs to {identity.client}.")


def _identities(identifier: str) -> QuerySet[Identity]:
    return Identity.objects.select_related("client").filter(
        scheme=Identity.Scheme.MACAROON, subject=identifier
    )


def revoke(identifiers: QuerySet[MacaroonIdentifier]) -> int:
    """Refuse their tokens from now on; return how many were good until now."""
    return identifiers.filter(revoked_at=None).update(revoked_at=timezone.now())
