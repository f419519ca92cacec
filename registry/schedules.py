"""Datasets that are fetched again: when due (contract 3.1.4), or when staff say so."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from registry import incidents, services
from registry.errors import NoSuchRevision, NotAuthorised, StillRunning
from registry.models import Dataset, Revision
from registry.models.dataset import Cause, DatasetQuerySet
from registry.schedule import next_time
from registry.spec import SpecError
from registry.states import ENDED
from tasks.errors import Refused

BATCH = 20
# How long a turn waits once it was refused, at least, and after a fault of ours.
SHORTEST_WAIT_S = 10
AFTER_A_FAULT_S = 300
# The step of a database's clock: a turn taken on the dot is over.
TICK = timedelta(microseconds=1)
# What waiting does not mend: the turn is lost, and the next one comes as planned.
LOST = (StillRunning, NoSuchRevision, NotAuthorised, SpecError)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of a due dataset: a revision, or why there is none."""

    dataset: Dataset
    revision: Revision | None = None
    missed: str = ""


def fire_due(*, at: datetime) -> list[Turn]:
    """Fetch some of what is due once more, the longest due first; a sweep.

    However many periods were missed, one revision is made. Each dataset it looks at
    is no longer due at `at`, whatever became of it.
    """
    turns = (_take_turn(one, at=at) for one in Dataset.objects.due(at=at)[:BATCH])
    return [turn for turn in turns if turn is not None]


def _take_turn(dataset: Dataset, *, at: datetime) -> Turn | None:
    try:
        revision = _fetch_if_due(dataset, at=at)
    except LOST as error:
        return _miss(dataset, error, at=at)
    except Refused as error:
        wait_s = max(SHORTEST_WAIT_S, error.retry_after_s)
        return _postpone(dataset, str(error), at=at, wait_s=wait_s)
    except Exception:  # a fault of ours in one dataset must not stop the others
        log.exception("due dataset cannot be fetched", extra={"dataset": str(dataset)})
        why = "Internal error, see the log."
        return _postpone(dataset, why, at=at, wait_s=AFTER_A_FAULT_S)
    if revision is None:
        return None
    log.info("due dataset is fetched", extra={"revision": revision.flow_id})
    return Turn(dataset, revision)


@transaction.atomic
def _fetch_if_due(dataset: Dataset, *, at: datetime) -> Revision | None:
    """Take the turn and make the revision, or neither."""
    services.lock_owner(dataset.owner)
    if not _move_on(dataset, at=at):
        return None
    return run_now(dataset=dataset, at=at, cause=Cause.SCHEDULE)


def _move_on(dataset: Dataset, *, at: datetime, missed: str = "") -> bool:
    """End the turn that was seen; False if another supervisor or a pause was first."""
    following = next_time(
        period_s=dataset.period_s, previous=dataset.scheduled_for, now=at + TICK
    )
    moved = _same_turn(dataset).update(
        scheduled_for=following, postponed_until=None, turn_missed=missed
    )
    return bool(moved)


def _same_turn(dataset: Dataset) -> DatasetQuerySet:
    return Dataset.objects.filter(
        pk=dataset.pk,
        scheduled_for=dataset.scheduled_for,
        postponed_until=dataset.postponed_until,
        paused_at__isnull=True,
    )


def _miss(dataset: Dataset, error: Exception, *, at: datetime) -> Turn | None:
    if not _move_on(dataset, at=at, missed=str(error)):
        return None
    if isinstance(error, SpecError):
        incidents.not_started(str(dataset), error.errors)
    log.warning(
        "due dataset is not fetched until its next turn",
        extra={"dataset": str(dataset), "error": type(error).__name__},
    )
    return Turn(dataset, missed=str(error))


def _postpone(dataset: Dataset, why: str, *, at: datetime, wait_s: int) -> Turn | None:
    until = at + timedelta(seconds=wait_s)
    if not _same_turn(dataset).update(postponed_until=until, turn_missed=why):
        return None
    log.warning(
        "due dataset must wait", extra={"dataset": str(dataset), "seconds": wait_s}
    )
    return Turn(dataset, missed=why)


@transaction.atomic
def run_now(*, dataset: Dataset, at: datetime, cause: Cause = Cause.STAFF) -> Revision:
    """Upload a dataset's newest spec again as its owner, without token and quota.

    A turn to come is kept; one that is due counts as taken.

    Raises:
        StillRunning: its newest revision has not ended.
        NoSuchRevision: it has none.
        NotAuthorised: the owner's client was revoked.
        SpecError: the spec is no longer one we take.
        Refused: there is too much unfinished work.
    """
    services.lock_owner(dataset.owner)
    newest = dataset.revisions.order_by("-number").first()
    if newest is None:
        raise NoSuchRevision(f"{dataset} has no revision to go by.")
    if newest.state not in ENDED:
        raise StillRunning(f"{newest.flow_id} is still running.")
    return services.upload(contents=newest.spec, max_datasets=None, at=at, cause=cause)


def pause(*, dataset: Dataset, at: datetime) -> Dataset:
    """Let no turn come until resume(); uploads and run_now() go on as before."""
    Dataset.objects.filter(pk=dataset.pk, paused_at__isnull=True).update(paused_at=at)
    dataset.refresh_from_db()
    return dataset


@transaction.atomic
def resume(*, dataset: Dataset, at: datetime) -> Dataset:
    """Go on with the first turn still to come; those in the pause are not made up."""
    paused = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    if paused.paused_at is not None:
        paused.scheduled_for = next_time(
            period_s=paused.period_s, previous=paused.scheduled_for, now=at
        )
        paused.paused_at = paused.postponed_until = None
        paused.save(update_fields=["scheduled_for", "paused_at", "postponed_until"])
    dataset.refresh_from_db()
    return dataset
