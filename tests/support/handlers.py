"""Handlers for tests: their effects are rows, so that each can be counted."""

import os
import signal
import time
from collections.abc import Callable, Generator

from tasks.archive.store import Stored, StoreDown, StoreError
from tasks.archive.stored import store
from tasks.engine import blame
from tasks.engine.run import Effect, Run, Step
from tasks.errors import WorkFailed
from tasks.models import Artifact, Job
from tasks.states import FINAL

Steps = Generator[Step, None, Effect | None]


def mark(run: Run, name: str) -> Callable[[], object]:
    """Return an effect that leaves one row behind."""
    return lambda: Artifact.objects.create(
        digest="", size_bytes=0, name=name, media_type="", job=run.job
    )


def steps(run: Run) -> Steps:
    """Do `steps` effects of `pause_s` each, resuming after the last one done."""
    count = run.params["steps"]
    for number in range(run.cursor or 0, count):
        time.sleep(run.params.get("pause_s", 0))
        yield run.step(
            cursor=number + 1,
            done=number + 1,
            total=count,
            apply=mark(run, f"step-{number}"),
        )
    return mark(run, "published")


def files(run: Run) -> Steps:
    """Store a file of `size_bytes` in each step; a store that fails is tried again."""
    count = run.params["steps"]
    for number in range(run.cursor or 0, count):
        time.sleep(run.params.get("pause_s", 0))
        made = _stored(run, os.urandom(16) * (run.params["size_bytes"] // 16))
        yield run.step(
            cursor=number + 1,
            done=number + 1,
            total=count,
            apply=_kept(run, f"step-{number}", made),
        )
    return mark(run, "published")


def _stored(run: Run, content: bytes) -> Stored:
    try:
        with store().writer(fence=str(run.job.pk)) as out:
            out.write(content)
            return out.commit()
    except StoreDown:
        raise  # which says itself what to do
    except (StoreError, OSError) as error:
        raise WorkFailed("store", "The store failed.", temporary=True) from error


def _kept(run: Run, name: str, made: Stored) -> Callable[[], object]:
    return lambda: Artifact.objects.create(
        digest=made.digest,
        size_bytes=made.size,
        name=name,
        media_type="",
        job=run.job,
    )


def restarts(run: Run) -> Steps:
    """Work without a cursor: every claim begins anew, effects come at the end."""
    (run.scratch() / "draft").write_text("half done")
    count = run.params["steps"]
    for number in range(count):
        time.sleep(run.params.get("pause_s", 0))
        yield run.step(done=number + 1, total=count)
    return mark(run, "published")


def hangs(run: Run) -> Steps:
    """Sit in one step until told to stop by another thread."""
    stopped: list[bool] = []
    run.on_stop(lambda: stopped.append(True))
    yield run.step(done=0)
    until = time.monotonic() + run.params.get("at_most_s", 20)
    while not stopped and time.monotonic() < until:
        time.sleep(0.01)
    yield run.step(done=1)
    return mark(run, "published")


def flaky(run: Run) -> Steps:
    """Fail `failures` times in the way `temporary` says, then succeed."""
    yield run.step(total=1)
    if run.job.retries < run.params["failures"]:
        raise WorkFailed(
            "unlucky",
            "Not this time.",
            temporary=run.params.get("temporary", True),
            retry_after_s=run.params.get("retry_after_s"),
        )
    return mark(run, "published")


def dies(run: Run) -> Steps:
    """Take the worker with it, as a fault in native code would."""
    yield run.step(total=1)
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def stuck(run: Run) -> Steps:
    """Sit in one step, deaf to everything, but only the first time."""
    marker = run.scratch().parent.parent / "stuck-once"
    if not marker.exists():
        marker.touch()
        run.lease.step_limit_s = run.params["limit_s"]
        time.sleep(60)
    yield run.step(done=1)
    return mark(run, "published")


def whole(run: Run) -> Steps:
    """Do everything a handler can: files, notes, effects, a result."""
    count = run.params["steps"]
    for number in range(run.cursor or 0, count):
        (run.scratch() / f"draft-{number}").write_text("half done")
        run.note("step", number=number)
        yield run.step(
            cursor=number + 1, done=number + 1, apply=mark(run, f"step-{number}")
        )
    return mark(run, "published")


def whole_moved(job: Job) -> None:
    """Follow a job: leave a row for each final state it is told of."""
    if job.state in FINAL:
        Artifact.objects.create(
            digest="", size_bytes=0, name=f"told-{job.state}", media_type="", job=job
        )


def talks(run: Run) -> Steps:
    """Say things in the log, each before a step; then do as `ending` says."""
    for number, text in enumerate(run.params["texts"]):
        run.note(text, kind="a handler's word", job=number)
        yield run.step(done=number + 1)
    ending = run.params.get("ending")
    if ending == "raise":
        run.note("last words")
        raise ValueError("no good")
    if ending == "apply fails":
        run.note("last words")
        yield run.step(cursor="too far", apply=_fail)
    return _fail if ending == "publish fails" else mark(run, "published")


def messy(run: Run) -> Steps:
    """Fail once more when asked to clean up."""
    try:
        yield run.step(total=1)
        yield run.step(done=1, apply=_fail)
    finally:
        _fail()
    return None


def _fail() -> object:
    raise ValueError("no good")


def suspects(run: Run) -> Steps:
    """Leave a row that names the job to blame if this worker died now."""
    blamed = [str(job_id) for _, job_id in blame.suspects()]
    yield run.step(apply=mark(run, f"suspect {' '.join(blamed)}"))
    return None
