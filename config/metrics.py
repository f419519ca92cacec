"""The service's own figures at /metrics, below those of django-prometheus.

They come from the database, so each web process tells the same; what only a process
knows of itself (held waits, refusals) is said so in its help text.
"""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from exports import share_figures
from tasks import figures
from tasks.archive.stored import store
from tasks.engine import clock
from tasks.engine.hub import hub
from tasks.errors import refusals
from tasks.kept import Kept

WINDOW = timedelta(minutes=10)
GOOD_FOR_S = 5.0
STORE_GOOD_FOR_S = 60.0  # of a sum over all files
RECENT = f"ended in the last {WINDOW.seconds // 60} minutes"


def of_jobs() -> Iterator[Metric]:
    at = clock.now()
    open_jobs = GaugeMetricFamily(
        "entrepot_jobs",
        "Jobs that have not ended, by kind and state.",
        labels=["kind", "state"],
    )
    for kind, state, count in figures.open_jobs():
        open_jobs.add_metric([kind, state], count)
    yield open_jobs
    yield GaugeMetricFamily(
        "entrepot_queue_age_seconds",
        "For how long the job that is due longest has waited for a worker.",
        value=figures.longest_wait_s(at=at),
    )
    yield GaugeMetricFamily(
        "entrepot_workers",
        "Workers whose supervisor was heard of in the last seconds.",
        value=figures.live_workers(at=at),
    )
    yield from of_ended_jobs(list(figures.ended_jobs(since=at - WINDOW)))


def of_ended_jobs(ended: list[figures.Ended]) -> Iterator[Metric]:
    labels = ["kind", "state"]
    retries = GaugeMetricFamily(
        "entrepot_job_retries",
        f"Tries after temporary errors, of jobs that {RECENT}.",
        labels=labels,
    )
    size = GaugeMetricFamily(
        "entrepot_job_bytes",
        f"Bytes that jobs which {RECENT} fetched, or wrote if they fetch nothing.",
        labels=labels,
    )
    took = GaugeHistogramMetricFamily(
        "entrepot_job_duration_seconds",
        f"From the first claim to the end, of jobs that {RECENT}.",
        labels=labels,
    )
    for one in ended:
        names = [one.kind, one.state]
        retries.add_metric(names, one.retries)
        size.add_metric(names, one.size_bytes)
        bounds = map(str, figures.BUCKETS_S)
        buckets = [*zip(bounds, one.within, strict=True), ("+Inf", one.count)]
        took.add_metric(names, buckets, one.seconds)
    yield from (retries, size, took)


def of_tasks() -> Iterator[Metric]:
    phases = GaugeMetricFamily(
        "entrepot_tasks", "Tasks that have not ended, by phase.", labels=["phase"]
    )
    for phase, count in figures.tasks_by_phase().items():
        phases.add_metric([phase], count)
    yield phases
    states = GaugeMetricFamily(
        "entrepot_assets",
        "Assets of tasks that have not ended, by state.",
        labels=["state"],
    )
    for state, count in figures.assets_by_state().items():
        states.add_metric([state], count)
    yield states


def of_sharing() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "entrepot_tail_events",
        "Events of streams that wait to be filed in segments.",
        value=share_figures.tail_events(),
    )
    queries = GaugeMetricFamily(
        "entrepot_share_queries",
        "Queries of shares of the last 10 minutes: waiting, ready or fetched.",
        labels=["state"],
    )
    counts = share_figures.queries(since=clock.now() - WINDOW)
    for state, count in counts.items():
        queries.add_metric([state], count)
    yield queries


def of_store() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "entrepot_store_bytes",
        "Size of all stored files that something refers to.",
        value=figures.stored_bytes(),
    )
    yield GaugeMetricFamily(
        "entrepot_store_free_bytes",
        "Room that is left where the store is.",
        value=store().free_bytes(),
    )


def of_process() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "entrepot_waits",
        "Long-polls, streams and WebSockets that this web process holds.",
        value=hub.waits,
    )
    refused = CounterMetricFamily(
        "entrepot_refusals",
        "Requests that this web process refused for too much work, by reason.",
        labels=["reason"],
    )
    for reason, count in sorted(refusals().items()):
        refused.add_metric([reason], count)
    yield refused


_shared = Kept(lambda: [*of_jobs(), *of_tasks(), *of_sharing()], good_for_s=GOOD_FOR_S)
_store = Kept(lambda: list(of_store()), good_for_s=STORE_GOOD_FOR_S)


class Figures(Collector):
    def describe(self) -> list[Metric]:
        """Name nothing, so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from (*_shared.get(), *_store.get(), *of_process())


def forget() -> None:
    """Read all figures anew at the next request."""
    _shared.forget()
    _store.forget()


registry = CollectorRegistry()
registry.register(Figures())


def own_page() -> bytes:
    return generate_latest(registry)
