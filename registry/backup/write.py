"""Writing the registry's rows as JSON lines, all of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from registry.backup.rows import FORMAT, VERSION, as_json, line_of
from registry.models import Dataset, Revision
from tasks.models import Artifact


class Artifacts:
    """Numbers artifacts in the order in which outputs name them, from 1."""

    def __init__(self, digests: set[str]) -> None:
        self.numbers: dict[int, int] = {}
        self.digests = digests

    def is_new(self, artifact: Artifact) -> bool:
        if artifact.pk in self.numbers:
            return False
        self.numbers[artifact.pk] = len(self.numbers) + 1
        self.digests.add(artifact.digest)
        return True


def lines(digests: set[str]) -> Iterator[str]:
    """Give a header, each row after those it names, and the number of rows.

    The same registry always gives the same lines.
    `digests` is filled with those of the files that the rows are about.
    """
    count = 0
    yield line_of("header", format=FORMAT, version=VERSION)
    with _one_moment():
        for line in _rows(Artifacts(digests)):
            count += 1
            yield line
    yield line_of("end", rows=count)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read all of one snapshot, without keeping a writer waiting."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            # Not atomic(), which on SQLite asks for the write lock.
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _rows(artifacts: Artifacts) -> Iterator[str]:
    # Sorted here, as databases do not agree about the order of letters.
    names = sorted(Dataset.objects.values_list("owner", "name", "pk"))
    last_owner = ""
    for owner, _, pk in names:
        dataset = Dataset.objects.select_related("client").get(pk=pk)
        if owner != last_owner:
            last_owner = owner
            # Who is behind the owner, without any key of theirs.
            yield line_of("owner", owner=owner, row=as_json(dataset.client))
        yield line_of("dataset", row=as_json(dataset))
        for revision in dataset.revisions.order_by("number").iterator():
            yield line_of(
                "revision", dataset=[owner, dataset.name], row=as_json(revision)
            )
            yield from _parts(revision, artifacts)


def _parts(revision: Revision, artifacts: Artifacts) -> Iterator[str]:
    for pipeline in revision.pipelines.in_order():
        yield line_of("pipeline", row=as_json(pipeline))
    outputs = revision.outputs.select_related("artifact", "pipeline")
    for output in sorted(outputs, key=lambda one: one.path):
        new = artifacts.is_new(output.artifact)
        number = artifacts.numbers[output.artifact_id]
        if new:
            yield line_of("artifact", number=number, row=as_json(output.artifact))
        named = {"artifact": number, "pipeline": output.pipeline.pipeline_id}
        yield line_of("output", **named, row=as_json(output))
