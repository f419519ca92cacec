"""Making a delivery: one POST, at most once, whatever happens meanwhile."""

from collections.abc import Generator
from functools import partial

from django.utils import timezone

from exports import deliveries
from exports.deliveries import OUTCOME_UNKNOWN, Answer
from exports.jobs.post import Post
from exports.models import Delivery
from exports.phrases import status_text
from tasks.engine.run import Effect, Run, Step
from tasks.errors import WorkFailed
from tasks.outbound import Blocked, OutboundError, TimedOut

Steps = Generator[Step, None, Effect | None]


def run_delivery(run: Run) -> Steps:
    """Post the data and keep the answer, which any HTTP status is.

    What was begun by a worker that is gone is not begun again.
    """
    delivery = Delivery.objects.filter(pk=run.params["delivery"]).first()
    if delivery is None:
        raise WorkFailed("delivery_gone", "The delivery was deleted.")
    _refuse_to_repeat(delivery)
    began = partial(deliveries.begin, delivery, at=timezone.now())
    yield run.step(apply=began)
    try:
        answer = yield from _post(run, delivery)
    except OutboundError as error:
        yield run.step(apply=partial(_record, delivery, _told_by(error)))
        raise WorkFailed(error.code, str(error)) from error
    if answer.remark:
        run.note(answer.remark)
    return partial(_record, delivery, answer)


def _refuse_to_repeat(delivery: Delivery) -> None:
    if delivery.answered_at:
        message = "The client was told how this ended: replay the delivery instead."
        raise WorkFailed("answered", message)
    if delivery.sending_at:
        raise WorkFailed("outcome_unknown", OUTCOME_UNKNOWN)


def _post(run: Run, delivery: Delivery) -> Generator[Step, None, Answer]:
    body = delivery.data.encode()
    delivery.data = ""  # Of what may be megabytes, one copy waits for the answer.
    post = Post(delivery.destination, body, on_open=run.on_stop, wake=run.wake)
    # A process that stood still may have lost the job, and the lane gone on.
    run.lease.expire()
    if run.lease.over:
        raise WorkFailed("outcome_unknown", OUTCOME_UNKNOWN)
    post.start()
    try:
        while not post.over.is_set():
            yield run.step(rest=post.over)
    finally:
        run.on_stop(None)
        if not post.over.is_set():
            post.stop()
    return post.answer()


def _record(delivery: Delivery, answer: Answer) -> None:
    deliveries.record(delivery, answer, at=timezone.now())


def _told_by(error: OutboundError) -> Answer:
    """Put what came instead of an answer into the words of contract 3.2.4."""
    match error:
        case Blocked():
            code = 403
        case TimedOut():
            code = 504
        case _:
            code = 502
    return Answer(status_text(code), str(error))
