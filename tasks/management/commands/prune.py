"""Delete what nobody needs any more."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from tasks import prune


class Command(BaseCommand):
    help = "Delete old revisions and jobs, expired files, and what belongs to nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, default=settings.JOB_KEEP_DAYS)
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *, days: float, dry_run: bool, **options: Any) -> None:
        before = timezone.now() - timedelta(days=days)
        pruned = prune.prune(before=before, dry_run=dry_run)
        would = "Would delete" if dry_run else "Deleted"
        others = "".join(f"{count} {what}, " for what, count in pruned.others.items())
        self.stdout.write(
            f"{would} {others}"
            f"{pruned.jobs} jobs finished before {before:%Y-%m-%d %H:%M}, "
            f"{pruned.artifacts} unneeded artifacts, {pruned.files} files "
            f"({pruned.size_bytes:,} bytes) and {pruned.drafts} drafts."
        )
