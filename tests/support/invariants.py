"""What must be so after any fault, whatever happened: the database and the store agree.

All of it is read from the database that this process is bound to.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import Count, F, Q

from registry.models import Output, Revision
from registry.states import ENDED, RunState, revision_state
from tasks.archive.stored import store
from tasks.models import Artifact, Asset, AssetState, Job, JobEvent, Lane, Task
from tasks.states import FINAL, OPEN, JobState


def broken(*, settled: bool = True) -> list[str]:
    """Return what is not as it must be; `settled` when no work should be left."""
    found = [*_jobs(), *_effects(), *_revisions(), *_tasks(), *_files()]
    return [*found, *_unsettled()] if settled else found


def _jobs() -> Iterator[str]:
    due = Q(due_at__isnull=False)
    for job in Job.objects.filter(Q(state__in=OPEN) & ~due | Q(state__in=FINAL) & due):
        yield f"{job} is {job.state} and its due time is {job.due_at}"
    yield from _ends()
    serial = Lane.objects.annotate(
        running=Count(
            "jobs", filter=Q(jobs__serial=True, jobs__state=JobState.INPROGRESS)
        )
    )
    for lane in serial.filter(running__gt=1):
        yield f"in the serial lane {lane} several jobs run"


def _ends() -> Iterator[str]:
    """Find jobs that did not end once, and once more each time they were redone."""
    kind, final = JobEvent.Kind.MOVED, list(FINAL)
    ended = Q(events__kind=kind, events__data__to__in=final)
    again = Q(events__kind=kind, events__data__from__in=final)
    counted = Job.objects.filter(state__in=FINAL).annotate(
        ends=Count("events", filter=ended),
        redone=Count("events", filter=again),
    )
    rows = counted.exclude(ends=F("redone") + 1)
    for pk, state, ends, more in rows.values_list("pk", "state", "ends", "redone"):
        yield f"job {pk} is {state}, ended {ends} times and was redone {more} times"


def _effects() -> Iterator[str]:
    """Find steps of the tests' jobs that were done twice, or not at all."""
    ours = Artifact.objects.filter(job__kind__startswith="test.")
    for job_id, name, count in (
        ours.values_list("job", "name").annotate(times=Count("pk")).filter(times__gt=1)
    ):
        yield f"job {job_id} has done {name} {count} times"
    done = Job.objects.filter(kind="test.steps", state=JobState.SUCCEEDED)
    for job in done.prefetch_related("artifacts"):
        wanted = {f"step-{n}" for n in range(job.params["steps"])} | {"published"}
        if missing := wanted - {one.name for one in job.artifacts.all()}:
            yield f"{job} succeeded without {', '.join(sorted(missing))}"


def _revisions() -> Iterator[str]:
    for revision in Revision.objects.prefetch_related("pipelines", "dataset"):
        states = [RunState(one.state) for one in revision.pipelines.all()]
        if revision.state != revision_state(states):
            counted = dict(Counter(str(one) for one in states))
            yield f"{revision} is {revision.state}, its pipelines {counted}"
        if (revision.state in ENDED) != (revision.finished_at is not None):
            yield f"{revision} is {revision.state}, finished {revision.finished_at}"


def _tasks() -> Iterator[str]:
    counted = Task.objects.annotate(
        here=Count("assets", filter=Q(assets__state=AssetState.DOWNLOADED)),
        gone=Count("assets", filter=Q(assets__state=AssetState.FAILED)),
    )
    for task in counted.exclude(downloaded=F("here"), failed=F("gone")):
        yield f"task {task} counts {task.downloaded} and {task.failed}, wrongly"


def _files() -> Iterator[str]:
    """Find files that are not there, or not what they are called."""
    kept = store()
    for digest, size in _wanted():
        if not kept.exists(digest):
            yield f"the file {digest[:12]} is wanted and not there"
        elif kept.size(digest) != size:
            yield f"the file {digest[:12]} has {kept.size(digest)} of {size} bytes"
    for digest in kept.digests():
        if not kept.check(digest):
            yield f"the file {digest[:12]} is half written, or another"


def _wanted() -> Iterator[tuple[str, int]]:
    """Give each file that rows which are not over want: its digest and size."""
    outputs = Output.objects.values_list("artifact__digest", "artifact__size_bytes")
    yield from set(outputs)
    artifacts = Artifact.objects.exclude(digest="").filter(expires_at=None)
    yield from set(artifacts.values_list("digest", "size_bytes"))
    here = Asset.objects.filter(state=AssetState.DOWNLOADED)
    for digest, size in set(here.values_list("digest", "size_bytes")):
        yield digest, size or 0


def _unsettled() -> Iterator[str]:
    for job in Job.objects.filter(state__in=OPEN):
        yield f"{job} is still {job.state}"
    for revision in Revision.objects.exclude(state__in=ENDED):
        yield f"{revision} is still {revision.state}"
    root: Path = settings.SCRATCH_DIR
    if root.exists():
        # What a dead worker left goes at a sweep; nothing else may be there.
        yield from (f"{one.name} is left in scratch" for one in root.glob("*.part"))
