"""Sessions that are over: each sign-in begins one, whether or not it succeeds."""

from datetime import datetime

from django.contrib.sessions.models import Session


def prune(*, at: datetime, dry_run: bool) -> dict[str, int]:
    over = Session.objects.filter(expire_date__lt=at)
    count = over.count() if dry_run else over.delete()[0]
    return {"sessions": count}
