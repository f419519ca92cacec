"""Workers: seen lately, and awake when the bell rings."""

from time import monotonic, sleep

from django.conf import settings

from tasks import services
from tasks.doctor.findings import Doubt, Fault
from tasks.engine import clock
from tasks.engine.sweep import SEEN_FOR
from tasks.models import Client, Job, WorkerHost
from tasks.states import FINAL, JobState

KIND = "tasks.check"
NAME = "doctor"
DONE_WITHIN_S = 10.0
# Without a bell a job waits for the supervisor's next round.
SOON_S = 1.5


def workers_are_seen() -> str:
    alive = WorkerHost.objects.filter(seen_at__gte=clock.now() - SEEN_FOR)
    hosts = {one.owner.partition("/")[0] for one in alive}
    if not hosts:
        raise Fault("No supervisor was heard of in the last seconds: start work.")
    count = sum(one.workers for one in alive)
    if len(hosts) > 1 and settings.STORE_URL.startswith(str(settings.VAR_DIR)):
        raise Doubt(f"{len(hosts)} machines work: do all have the same store?")
    return f"{count} workers on {', '.join(sorted(hosts))}."


def job_is_done() -> str:
    """Ring with a job that does nothing, and see it done."""
    client, _ = Client.objects.get_or_create(name=NAME)
    job = services.enqueue(KIND, client=client, params={}, lane=NAME, internal=True)
    began = monotonic()
    try:
        _wait(job, until=began + DONE_WITHIN_S)
        took_s = monotonic() - began
    finally:
        if job.state in FINAL:
            job.delete()
        else:
            services.cancel(job)
    if took_s > SOON_S:
        raise Doubt(f"A job was done after {took_s:.1f} s: the bell was not heard.")
    return f"A job was done {took_s:.2f} s after the bell rang."


def _wait(job: Job, *, until: float) -> None:
    while job.state not in FINAL:
        if monotonic() > until:
            raise Fault(f"No worker took a job within {DONE_WITHIN_S:.0f} s.")
        sleep(0.02)
        job.refresh_from_db()
    if job.state != JobState.SUCCEEDED:
        raise Fault(f"A job that does nothing is {job.state}: {job.error}")
