"""Mint a macaroon for who hands data over (contract 000)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from exports import capabilities, macaroons
from exports.capabilities import AnothersIdentifier, NoSecret
from exports.models import MacaroonIdentifier
from tasks.models import Client
from tasks.outbound import urls
from tasks.outbound.errors import BadUrl

METHODS = {"/export": "POST", "/lp/export": "POST", "/ws/export": "GET"}


class Command(BaseCommand):
    help = "Mint a macaroon; it is printed on stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("identifier", help="Whose it is; each has a queue.")
        parser.add_argument("--path", choices=METHODS, required=True)
        parser.add_argument("--method", help="The path's own, if not given.")
        parser.add_argument(
            "--destination",
            action="append",
            default=[],
            metavar="URL",
            help="Where data may be delivered; may be given several times.",
        )
        parser.add_argument(
            "--client", help="An existing client; else the identifier has its own."
        )
        parser.add_argument(
            "--location", metavar="URL", help="A hint of where it is for."
        )

    def handle(  # noqa: PLR0913 - its options
        self,
        *,
        identifier: str,
        path: str,
        method: str | None,
        destination: list[str],
        client: str | None,
        location: str | None,
        **options: Any,
    ) -> None:
        method = (method or METHODS[path]).upper()
        caveats = [
            f"target = {settings.DATABOX_LOCAL_NAME}",
            f"path = {path}",
            f"method = {method}",
        ]
        for url in destination:
            _check_url(url)
        if destination:
            caveats.append(macaroons.destination_caveat(destination))
        location = location or settings.PUBLIC_URL or settings.DATABOX_LOCAL_NAME
        with transaction.atomic():
            known = _kept(identifier, client, listed_only=not destination)
            _check_reach(known, destination)
            token = _mint(known, location=location, caveats=caveats)
        self.stderr.write(f"For {known} of {known.client}, until it is revoked.")
        self.stdout.write(token)


def _check_url(url: str) -> None:
    try:
        urls.parse(url)
    except BadUrl as error:
        raise CommandError(f"--destination {url}: {error}") from None


def _kept(
    identifier: str, client_name: str | None, *, listed_only: bool
) -> MacaroonIdentifier:
    _check_identifier(identifier)
    client = Client.objects.filter(name=client_name).first() if client_name else None
    if client_name and client is None:
        raise CommandError(f"There is no client {client_name!r}: see create_client.")
    try:
        known = capabilities.keep_identifier(
            identifier, client=client, listed_only=listed_only
        )
    except AnothersIdentifier as error:
        raise CommandError(str(error)) from None
    if known.is_revoked:
        raise CommandError(f"{identifier!r} or its client is revoked.")
    return known


def _check_identifier(identifier: str) -> None:
    most = macaroons.MAX_IDENTIFIER_CHARS
    if not 1 <= len(identifier) <= most or "\0" in identifier:
        raise CommandError(f"An identifier has 1 to {most} characters.")


def _check_reach(known: MacaroonIdentifier, destinations: list[str]) -> None:
    """Refuse to mint a token that reaches nobody, or less than it says."""
    listed = known.client.destinations
    if not destinations and not listed and not settings.DEBUG:
        raise CommandError(
            f"Without --destination, and with no destinations of {known.client} in "
            "the admin, the token would reach nobody."
        )
    outside = [url for url in destinations if url not in listed]
    if listed and outside:
        raise CommandError(
            f"Not among the destinations of {known.client}: {', '.join(outside)}."
        )


def _mint(known: MacaroonIdentifier, *, location: str, caveats: list[str]) -> str:
    try:
        secret = capabilities.secret_of(known)
        return macaroons.mint(
            secret, location=location, identifier=str(known), caveats=caveats
        )
    except (NoSecret, ValueError) as error:
        raise CommandError(str(error)) from None
