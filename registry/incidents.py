"""Incidents: failures that the operator's status page is told of (contract 3.1.3)."""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry.errors import QuotaExceeded
from registry.models import Revision
from registry.spec import SpecError, dataset_of, owner_of
from registry.states import ENDED, RunState
from tasks import services
from tasks.engine.storable import fit
from tasks.models import Client, Job

P = ParamSpec("P")
T = TypeVar("T")
JOB_KIND = "registry.incident"
CLIENT_NAME = "registry: incidents"
MOST_RETRIES = 10
# An upload that is tried again and again is one incident for so long.
SAME_FOR = timedelta(hours=1)
LONGEST_TEXT = 5000


def revision_failed(revision: Revision) -> None:
    """Report a dataset that now fails, unless it failed before and still does."""
    if not settings.INCIDENT_URL or _failed_before(revision):
        return
    title = f"Pipelines Failed for {revision.dataset}"
    _report(title, revision.error_log or [], at=timezone.now())


def reporting(upload: Callable[P, T]) -> Callable[P, T]:
    """Have an upload's errors reported, once its transaction is rolled back."""

    @functools.wraps(upload)
    def reported(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return upload(*args, **kwargs)
        except SpecError as error:
            _upload_failed(kwargs["contents"], error.errors)
            raise
        except QuotaExceeded as error:
            _upload_failed(kwargs["contents"], [str(error)])
            raise

    return reported


def _upload_failed(contents: object, errors: Sequence[str]) -> None:
    """Report an upload for a dataset that is known by its name."""
    if name := dataset_of(contents):
        not_started(f"{owner_of(contents)}/{name}", errors)


def not_started(dataset: str, errors: Sequence[str]) -> None:
    """Report a dataset of which no new revision could be planned or begun."""
    if settings.INCIDENT_URL:
        title = f"Failed To Start Pipelines for {dataset}"
        _report(title, errors, at=timezone.now())


def _failed_before(revision: Revision) -> bool:
    """Tell whether this or the one that ended before it was reported already."""
    if revision.events.filter(body__status="FAIL").count() > 1:
        return True
    before = revision.dataset.revisions.filter(
        number__lt=revision.number, state__in=ENDED
    )
    state = before.order_by("-number").values_list("state", flat=True).first()
    return state == RunState.FAILED


@transaction.atomic
def _report(title: str, errors: Sequence[str], *, at: datetime) -> None:
    client, _ = Client.objects.get_or_create(name=CLIENT_NAME)
    # One after the other, so that each sees what was reported before.
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    recent = Job.objects.for_client(client).filter(queued_at__gt=at - SAME_FOR)
    if recent.filter(kind=JOB_KIND, params__name=title).exists():
        return
    services.enqueue(
        JOB_KIND,
        client=client,
        params={"name": title, "body": fit("\n".join(errors))[:LONGEST_TEXT]},
        lane=JOB_KIND,
        internal=True,
        max_retries=MOST_RETRIES,
    )
