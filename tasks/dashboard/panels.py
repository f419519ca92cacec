"""The panels of the work floor: jobs, times, workers, clients, the store."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tasks import figures
from tasks.archive.store import StoreError
from tasks.archive.stored import store
from tasks.dashboard import bars, ended, times
from tasks.dashboard.panel import Panel, Table, Tile, lasting, link, sized
from tasks.engine import identity
from tasks.engine.sweep import SEEN_FOR
from tasks.models import Client, Job, WorkerHost
from tasks.states import OPEN, JobState

VIEW_JOBS = "tasks.view_job"
JOBS = "admin:tasks_job_changelist"
MOST_RUNNING, MOST_FAILED, MOST_CLIENTS = 8, 8, 8
# The newest jobs that are looked at to tell which clients are busy.
LOOKED_AT = 10_000
UNREAD = ("params", "cursor")
TOO_LONG_S = 60.0
NO_WORKER = "No worker is alive: start one with manage.py work."
NEARLY_FULL = 0.9


def now(*, at: datetime) -> Panel:
    """Tell how things stand, and how the last day went, in a row of figures."""
    open_jobs = _open_by_state()
    last_day = ended.last_day(at=at)
    good, failed = last_day[JobState.SUCCEEDED], last_day[JobState.FAILED]
    tiles = (
        Tile("Queued", f"{open_jobs[JobState.QUEUED]:,}", url=jobs_in("queued")),
        Tile(
            "In progress",
            f"{open_jobs[JobState.INPROGRESS]:,}",
            url=jobs_in("inprogress"),
        ),
        _oldest(at),
        _workers(at),
        Tile("Succeeded", f"{good:,}", "in 24 hours", jobs_in("succeeded")),
        Tile(
            "Failed",
            f"{failed:,}",
            _share(failed, failed + good) or "in 24 hours",
            jobs_in("failed"),
            "bad" if failed else "",
        ),
    )
    return Panel("now", "Now", VIEW_JOBS, tiles=tiles, wide=True)


def day(*, at: datetime) -> Panel:
    title = "Jobs that ended in the last 24 hours"
    picture = bars.chart("day", title, ended.hours(at=at), per="hour")
    return Panel("day", "Last 24 hours", VIEW_JOBS, picture=picture)


def month(*, at: datetime) -> Panel:
    title = "Jobs that ended in the last 30 days"
    picture = bars.chart("month", title, ended.days(at=at), per="day")
    return Panel("month", "Last 30 days", VIEW_JOBS, picture=picture)


def durations(*, at: datetime) -> Panel:
    del at  # They are of the last jobs, whenever those were.
    rows = [
        (
            link(f"{reverse(JOBS)}?kind={one.kind}", one.kind),
            *(lasting(one.waited.median_s), lasting(one.waited.p95_s)),
            *(lasting(one.ran.median_s), lasting(one.ran.p95_s)),
        )
        for one in times.of_kinds(settings.JOB_HANDLERS)
    ]
    heads = ("Kind", "Waited, median", "p95", "Ran, median", "p95")
    return Panel(
        "durations",
        "Times",
        VIEW_JOBS,
        table=Table(heads, rows, "No job has ended yet."),
        note=f"Of the last {times.RECENT} jobs of each kind.",
    )


def workers(*, at: datetime) -> Panel:
    """Show the hosts that were heard of just now, and what their workers run."""
    rows = [
        (
            link(job_url(job), job.kind),
            link(client_url(job.client_id), job.client),
            "-" if job.percent is None else f"{job.percent} %",
            lasting((at - job.started_at).total_seconds() if job.started_at else None),
            identity.told(job.lease_owner),
        )
        for job in _running()
        .select_related("client")
        .order_by("started_at")[:MOST_RUNNING]
    ]
    hosts = WorkerHost.objects.filter(seen_at__gte=at - SEEN_FOR).order_by("owner")
    tiles = [
        Tile(
            identity.told(host.owner),
            f"{host.workers} workers",
            f"for {lasting((at - host.started_at).total_seconds())}",
        )
        for host in hosts
    ]
    return Panel(
        "workers",
        "Workers",
        VIEW_JOBS,
        tiles=tiles,
        table=Table(
            ("Runs", "Client", "Done", "For", "Worker"), rows, "Nothing runs just now."
        ),
        note=NO_WORKER if not tiles else "The oldest of what runs." if rows else "",
    )


def failures(*, at: datetime) -> Panel:
    failed = Job.objects.filter(state=JobState.FAILED, finished_at__isnull=False)
    newest = failed.select_related("client").defer(*UNREAD).order_by("-finished_at")
    rows = [
        (
            _ago(job.finished_at, at),
            link(job_url(job), job.kind),
            link(client_url(job.client_id), job.client),
            _first_line(job.error) or job.error_code,
        )
        for job in newest[:MOST_FAILED]
    ]
    heads = ("When", "Job", "Client", "Error")
    return Panel(
        "failures",
        "Recent failures",
        VIEW_JOBS,
        table=Table(heads, rows, "Nothing has failed."),
        wide=True,
    )


def clients(*, at: datetime) -> Panel:
    """Show who has the most jobs: open ones, and of the newest that were queued."""
    since = at - timedelta(days=1)
    newest = Job.objects.filter(queued_at__gte=since).order_by("-queued_at")
    lately = Counter(newest.values_list("client_id", flat=True)[:LOOKED_AT])
    waiting = Job.objects.filter(due_at__isnull=False).values_list("client_id")
    open_jobs = dict(waiting.annotate(count=Count("*")).order_by())
    most = sorted(lately.keys() | open_jobs.keys(), key=lambda pk: -lately[pk])
    top = most[:MOST_CLIENTS]
    names = dict(Client.objects.filter(pk__in=top).values_list("pk", "name"))
    rows = [
        (
            link(client_url(pk), names.get(pk, pk)),
            f"{lately[pk]:,}",
            link(
                f"{reverse(JOBS)}?client__id__exact={pk}", f"{open_jobs.get(pk, 0):,}"
            ),
        )
        for pk in top
    ]
    capped = lately.total() == LOOKED_AT
    return Panel(
        "clients",
        "Top clients",
        "tasks.view_client",
        table=Table(("Client", "Jobs in 24 hours", "Open"), rows, "Nobody has asked."),
        note=f"Of the newest {LOOKED_AT:,} jobs." if capped else "",
    )


def storage(*, at: datetime) -> Panel:
    del at
    stored, reserve = figures.stored_bytes(), settings.DISK_RESERVE_MB << 20
    try:
        free = store().free_bytes()
    except (OSError, StoreError):
        return Panel(
            "store", "Store", "tasks.view_artifact", note="It cannot be reached."
        )
    room = max(0, free - reserve)
    tiles = (
        Tile("Stored", sized(stored), url=reverse("admin:tasks_artifact_changelist")),
        Tile(
            "Room left", sized(room), f"keeps {sized(reserve)} free", tone=_tone(room)
        ),
    )
    return Panel(
        "store",
        "Store",
        "tasks.view_artifact",
        tiles=tiles,
        picture=_meter(stored, stored + room),
    )


def job_url(job: Job) -> str:
    return reverse("admin:tasks_job_change", args=[job.pk])


def client_url(pk: int) -> str:
    return reverse("admin:tasks_client_change", args=[pk])


def jobs_in(state: str) -> str:
    return f"{reverse(JOBS)}?state__exact={state}"


def _open_by_state() -> Counter[str]:
    found = Job.objects.filter(state__in=OPEN).values_list("state")
    return Counter(dict(found.annotate(count=Count("*")).order_by()))


def _oldest(at: datetime) -> Tile:
    waiting = Job.objects.due(at=at).filter(state__in=OPEN, lease_owner="")
    job = waiting.defer(*UNREAD).order_by("due_at").first()
    if job is None or job.due_at is None:
        return Tile("Waits longest", "-", "nothing waits")
    waited = max(0.0, (at - job.due_at).total_seconds())
    tone = "bad" if waited > TOO_LONG_S else ""
    return Tile("Waits longest", lasting(waited), job.kind, job_url(job), tone)


def _workers(at: datetime) -> Tile:
    alive, busy = figures.live_workers(at=at), _running().count()
    return Tile("Workers busy", f"{busy} of {alive}", tone="" if alive else "bad")


def _running() -> QuerySet[Job]:
    held = Job.objects.filter(state=JobState.INPROGRESS).exclude(lease_owner="")
    return held.defer(*UNREAD)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} in 24 hours" if whole else ""


def _ago(moment: datetime | None, at: datetime) -> str:
    if moment is None:
        return ""
    return f"{lasting(max(0.0, (at - moment).total_seconds()))} ago"


def _first_line(text: str) -> str:
    lines: Sequence[str] = text.splitlines()
    return lines[0][:200] if lines else ""


def _tone(room: int) -> str:
    return "bad" if room == 0 else ""


def _meter(stored: int, limit: int) -> SafeString:
    most = max(1, limit)
    return format_html(
        '<meter min="0" max="{}" high="{}" optimum="0" value="{}" '
        'aria-label="Store, of what fits">{} of {}</meter>',
        *(most, int(most * NEARLY_FULL), stored, sized(stored), sized(limit)),
    )
