"""Make a token of the spec store, for development and for operators."""

from typing import Any

import jwt
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.tokens import SERVICE


class Command(BaseCommand):
    help = "Sign a token for OWNER with AUTH_PRIVATE_KEY; it is printed on stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("owner")
        parser.add_argument("--max-datasets", type=int, default=10)

    def handle(self, *, owner: str, max_datasets: int, **options: Any) -> None:
        if not settings.AUTH_PRIVATE_KEY:
            raise CommandError("AUTH_PRIVATE_KEY is not set: a PEM, or a file of one.")
        claims = {
            "userid": owner,
            "permissions": {"max_dataset_num": max_datasets},
            "service": SERVICE,
        }
        try:
            token = jwt.encode(claims, settings.AUTH_PRIVATE_KEY, algorithm="RS256")
        except (ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
            raise CommandError(f"AUTH_PRIVATE_KEY cannot sign: {error}") from None
        self.stdout.write(token)
