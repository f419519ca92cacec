"""Make an API key."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tasks import services
from tasks.models import Client

SCOPES = (
    *("export", "deliver", "share", "append", "callback", "jobs", "datasets"),
    "metrics",
)

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = "Make an API key for a client; it is printed on stdout, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client")
        parser.add_argument(
            "--scope",
            action="append",
            choices=SCOPES,
            required=True,
            help="May be given several times.",
        )
        parser.add_argument("--expires", type=int, metavar="DAYS")

    def handle(
        self, *, client: str, scope: list[str], expires: int | None, **options: Any
    ) -> None:
        owner = Client.objects.filter(name=client).first()
        if owner is None:
            raise CommandError(f"There is no client {client!r}: see create_client.")
        if expires is not None and not 1 <= expires <= MOST_DAYS:
            raise CommandError(f"--expires must be 1 to {MOST_DAYS} days.")
        expires_at = timezone.now() + timedelta(days=expires) if expires else None
        key, text = services.create_key(
            client=owner, scopes=sorted(set(scope)), expires_at=expires_at
        )
        until = key.expires_at or "revoked"
        self.stderr.write(
            f"For {owner}, scopes {', '.join(key.scopes)}, until {until}."
        )
        self.stdout.write(text)
