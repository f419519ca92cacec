"""Datasets with a past, for tests of what is done with it."""

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from registry import services
from registry.models import Dataset, Output, Pipeline, Revision
from registry.plan import PipelineKind
from registry.states import RunState
from tasks.archive.stored import store
from tasks.models import Artifact, Job
from tests.support.specstore import Got, Json, get, run_jobs, spec_of, table

KEYED = {"fields": [{"name": "n"}, {"name": "m"}], "primaryKey": "n"}


def a_spec(*names: str, schema: Json = KEYED, **changes: Any) -> Json:
    """Write a spec of tables whose primary key is `n` unless told otherwise."""
    url = "http://example.com/{}.csv"
    tables = [table(n, url.format(n), schema=schema) for n in names or ("a",)]
    return spec_of(*tables, **changes)


def private(spec: Json) -> Json:
    return spec | {"meta": spec["meta"] | {"findability": "private"}}


def a_revision(
    content: bytes, spec: Json | None = None, *, state: RunState = RunState.SUCCEEDED
) -> Revision:
    """Save a revision that has ended, with `content` as each of its tables.

    Nothing runs: what the pipelines would leave behind is put there.
    """
    revision = services.upload(
        contents=spec or a_spec(), max_datasets=None, at=timezone.now()
    )
    ended = {"state": state, "finished_at": timezone.now()}
    revision.pipelines.update(**ended, reported=True, job=None)
    Revision.objects.filter(pk=revision.pk).update(**ended)
    Job.objects.filter(kind="registry.pipeline").delete()
    if state == RunState.SUCCEEDED:
        for pipeline in revision.pipelines.filter(kind=PipelineKind.CSV):
            an_output(pipeline, content)
    revision.refresh_from_db()
    return revision


def an_output(pipeline: Pipeline, content: bytes) -> Output:
    with store().writer(fence="test") as out:
        out.write(content)
        stored = out.commit()
    name = f"{pipeline.resource}_csv.csv"
    artifact, _ = Artifact.objects.get_or_create(
        digest=stored.digest,
        size_bytes=stored.size,
        name=name,
        media_type="text/csv",
        rows=max(0, content.count(b"\n") - 1),
    )
    return Output.objects.create(
        revision=pipeline.revision,
        pipeline=pipeline,
        path=f"data/{name}",
        artifact=artifact,
    )


def ask(client: Client, words: str, **headers: str) -> Got:
    return get(client, f"/source/me/id/diff/{words}", **headers)


def answer(client: Client, words: str = "1/2", **headers: str) -> Any:
    """Ask what changed, let the workers find it, and return the whole answer."""
    reply = ask(client, words, **headers)
    if reply.status == 202:
        run_jobs()
        reply = ask(client, words, **headers)
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def numbers(owner: str = "me", name: str = "id") -> list[int]:
    """Return the numbers of the revisions that there are."""
    dataset = Dataset.objects.get(owner=owner, name=name)
    kept = dataset.revisions.order_by("number")
    return list(kept.values_list("number", flat=True))
