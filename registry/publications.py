"""Data sets that are shared: each new revision's rows become events of a stream."""

from collections.abc import Iterable

from django.db import transaction

from exports import appending, sharing
from exports.models import EventStream, Share
from exports.sharing import Terms
from registry.errors import NotPublishable
from registry.models import Dataset, Pipeline, Revision
from registry.plan import PipelineKind
from registry.states import RunState
from tasks import services
from tasks.models import Client

JOB_KIND = "registry.publish"


def stream_name(dataset: Dataset, resource: str) -> str:
    return f"{dataset}#{resource}"


@transaction.atomic
def publish(
    *,
    dataset: Dataset,
    resource: str,
    time_key: str | None,
    clients: Iterable[Client],
    terms: Terms,
) -> Share:
    """Share a table of a data set: what it has now, and what comes with new revisions.

    Without a time key a new stream has none, and one that is there keeps its own.

    Raises:
        NotPublishable: the message says why.
        BadRule: of exports.sharing.create_share.
    """
    # One that ends now ends before this, or finds the stream.
    list(dataset.revisions.select_for_update(no_key=True).filter(finished_at=None))
    revision = dataset.revisions.named("successful").first()
    if resource not in tables_of(revision):
        raise NotPublishable(f"{dataset} has no table {resource!r} in a revision yet.")
    name = stream_name(dataset, resource)
    stream = appending.stream_named(
        name, client=dataset.client, time_key=time_key or ""
    )
    if time_key is not None and stream.time_key != time_key:
        raise NotPublishable(f"The time key of {name} is {stream.time_key!r}.")
    share = sharing.create_share(stream=stream, clients=clients, terms=terms)
    if revision:
        _append_later(stream, revision)
    return share


def tables_of(revision: Revision | None) -> list[str]:
    """Return the names of a revision's tables, in its order."""
    if revision is None:
        return []
    tables = Pipeline.objects.filter(revision=revision, kind=PipelineKind.CSV)
    return list(tables.in_order().values_list("resource", flat=True))


def revision_succeeded(revision: Revision) -> None:
    """Append a revision to the streams of its tables, in the transaction of its end."""
    names = [stream_name(revision.dataset, one) for one in tables_of(revision)]
    for stream in EventStream.objects.filter(name__in=names).order_by("pk"):
        _append_later(stream, revision)


def _append_later(stream: EventStream, revision: Revision) -> None:
    if revision.state != RunState.SUCCEEDED:
        return
    services.enqueue(
        JOB_KIND,
        client=stream.client,
        params={"stream": stream.pk, "revision": revision.pk},
        lane=f"{JOB_KIND}:{stream.pk}",
        serial=True,
        internal=True,
    )
