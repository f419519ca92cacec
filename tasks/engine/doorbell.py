"""The doorbell: django-q2 tells a worker that there may be work, nothing more."""

import logging

from django.contrib import admin
from django.db import Error, transaction
from django_q.brokers import get_broker
from django_q.models import Failure, OrmQ, Schedule, Success
from django_q.tasks import async_task
from redis.exceptions import RedisError

# More rings than this wake nobody who is not awake already.
MOST_RINGS = 8
ANSWER = "tasks.engine.shift.answer"
log = logging.getLogger(__name__)


def ring() -> None:
    """Wake a worker; a bell that cannot be rung is rung by the sweeper later."""
    try:
        if get_broker().queue_size() < MOST_RINGS:
            # A shift ends by itself, and the heart ends a hanging one: no timeout.
            async_task(ANSWER, q_options={"save": False, "timeout": -1})
    except (Error, RedisError, OSError) as error:
        log.warning("doorbell failed", extra={"error": type(error).__name__})


def ring_after_commit() -> None:
    transaction.on_commit(ring)


def hide_from_admin() -> None:
    """Take django-q2's own pages out of the admin: a schedule there is code."""
    for model in (Failure, OrmQ, Schedule, Success):
        if admin.site.is_registered(model):
            admin.site.unregister(model)
