"""Delivering an event to a subscriber, by one signed request."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from registry import signing, subscriptions
from registry.jobs.work import Steps
from registry.models import EventDelivery
from tasks import outbound
from tasks.engine.run import Run
from tasks.engine.storable import fit
from tasks.errors import WorkFailed

# Receivers are strangers: a slow one must not keep a worker from the others' work.
TOTAL_TIMEOUT_S = 15.0
LONGEST_ANSWER = 1000
GONE = 410


@dataclass(frozen=True)
class Answer:
    """What came back; without a status there only was an error on the way."""

    status: int | None
    text: str


def deliver_event(run: Run) -> Steps:
    """Post the event; what came back stays on the delivery, each try anew."""
    delivery = _delivery(run.params["delivery"])
    if delivery is None:
        run.note("the subscription or the revision was deleted")
        return None
    if delivery.subscription.disabled_at:
        raise WorkFailed("disabled", "The subscription was disabled.")
    yield run.step(total=1)
    try:
        answer = _post(run, delivery)
    except outbound.OutboundError as error:
        yield run.step(apply=partial(_fail, delivery, _told_by(error)))
        raise
    return partial(_record, delivery, answer, delivered_at=timezone.now())


def _delivery(pk: int) -> EventDelivery | None:
    deliveries = EventDelivery.objects.select_related("event", "subscription")
    return deliveries.filter(pk=pk).first()


def _post(run: Run, delivery: EventDelivery) -> Answer:
    body = orjson.dumps(delivery.event.body, option=orjson.OPT_SORT_KEYS)
    with outbound.stream(
        "POST",
        delivery.subscription.url,
        policy=policy(),
        headers=_headers(delivery, body),
        body=body,
        on_open=run.on_stop,
    ) as reply:
        reply.raise_for_status()
        if reply.status >= 300:  # 304, which for a download would be no error
            message = f"The receiver answered with status {reply.status}."
            raise outbound.BadStatus(message, status=reply.status)
        return Answer(reply.status, _first_words(reply))


def _headers(delivery: EventDelivery, body: bytes) -> dict[str, str]:
    """Sign with this moment: receivers refuse what seems to be old."""
    at = timezone.now()
    signed = signing.signed_headers(
        delivery.subscription.secrets_at(at),
        message_id=str(delivery.event.pk),
        at_s=int(at.timestamp()),
        body=body,
    )
    return {"Content-Type": "application/json", **signed}


def policy() -> outbound.Policy:
    allowed: outbound.Policy = settings.OUTBOUND
    within_s = min(allowed.total_timeout_s, TOTAL_TIMEOUT_S)
    return replace(allowed, total_timeout_s=within_s)


def _first_words(reply: outbound.Reply) -> str:
    """Read what a receiver says of its success, which stays one if that fails."""
    try:
        return reply.file().read(LONGEST_ANSWER).decode("utf-8", "replace")
    except outbound.OutboundError:
        return ""


def _told_by(error: outbound.OutboundError) -> Answer:
    if isinstance(error, outbound.BadStatus):
        return Answer(error.status, error.excerpt)
    return Answer(None, str(error))


def _fail(delivery: EventDelivery, answer: Answer) -> None:
    _record(delivery, answer)
    if answer.status == GONE:
        subscriptions.disable(subscription=delivery.subscription, at=timezone.now())


def _record(delivery: EventDelivery, answer: Answer, **fields: Any) -> None:
    text = "".join(char if char.isprintable() else " " for char in fit(answer.text))
    EventDelivery.objects.filter(pk=delivery.pk).update(
        status=answer.status, answer=text.strip()[:LONGEST_ANSWER], **fields
    )
