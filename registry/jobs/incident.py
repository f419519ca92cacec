"""Posting an incident where the operator said, in the words of Statuspage's API."""

from typing import Any

import orjson
from django.conf import settings

from registry.jobs.work import Steps
from tasks import outbound
from tasks.engine.run import Run


def report_incident(run: Run) -> Steps:
    """Post one incident, unless the operator no longer wants any."""
    if not settings.INCIDENT_URL:
        run.note("INCIDENT_URL is no longer set")
        return None
    yield run.step(total=1)
    with outbound.stream(
        "POST",
        settings.INCIDENT_URL,
        policy=settings.OUTBOUND_QUICK,
        headers={"Content-Type": "application/json"},
        body=_body(run.params),
        on_open=run.on_stop,
    ) as reply:
        reply.raise_for_status()
    return None


def _body(params: dict[str, Any]) -> bytes:
    words = {"name": params["name"], "body": params["body"]}
    return orjson.dumps({"incident": {**words, "status": "investigating"}})
