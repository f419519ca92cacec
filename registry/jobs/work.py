"""What every maker of files has at hand, and how it makes them public."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import orjson
from django.utils import timezone

from registry import follow
from registry.models import Output, Pipeline
from registry.spec import Resource, parse_spec
from tasks.archive.names import media_type
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.archive.upload import StoreWriter
from tasks.engine.run import Effect, Run, Step
from tasks.engine.watched import WatchedFile
from tasks.errors import WorkFailed
from tasks.models import Artifact

Steps = Generator[Step, None, Effect | None]
# Part of every step key: raise it when the same input would make another file.
VERSION = 1


@dataclass(frozen=True)
class Made:
    """A file, at its path in the revision: new in the store, or an earlier artifact."""

    path: str
    stored: Stored
    rows: int | None = None
    step_key: str = ""
    receipt: dict[str, Any] = field(default_factory=dict)
    reused: Artifact | None = None


class Work:
    """One run of one pipeline."""

    def __init__(self, run: Run) -> None:
        pipelines = Pipeline.objects.select_related("revision__dataset")
        self.run = run
        self.pipeline = pipelines.get(pk=run.params["pipeline"])
        self.revision = self.pipeline.revision
        self.dataset = self.revision.dataset
        self.spec = parse_spec(self.revision.spec)
        self.log: list[str] = []

    @property
    def resource(self) -> Resource:
        return self.find_resource(self.pipeline.resource)

    def find_resource(self, name: str) -> Resource:
        return next(one for one in self.spec.resources if one.name == name)

    def say(self, sentence: str) -> None:
        """Add a line to the revision's log, and to the job's."""
        line = f"{self.pipeline.resource or self.dataset.name}: {sentence}"
        self.log.append(f"{self.pipeline.title}: {line}")
        self.run.note(line)

    def writer(self) -> StoreWriter:
        """Open a file in the store that only a commit under our lease makes real."""
        return store().writer(fence=f"{self.run.job.pk}-{self.run.lease.fence}")

    def watch(self, file: BinaryIO) -> WatchedFile:
        return WatchedFile(file, self.run.lease)

    def output_of(self, pipeline_id: str) -> Output:
        """Return the (one) file of another pipeline of this revision."""
        outputs = self.revision.outputs.select_related("artifact")
        return outputs.get(pipeline__pipeline_id=pipeline_id)

    def copy_of(self, resource: Resource) -> Output:
        return self.output_of(f"{self.revision.flow_id}/{resource.name}")

    def key(self, inputs: list[str], **parameters: Any) -> str:
        """Name what this step makes by all that it depends on."""
        parts = [VERSION, self.pipeline.kind, parameters, inputs]
        text = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS, default=dict)
        return hashlib.sha256(text).hexdigest()

    def reuse(self, path: str, step_key: str) -> Made | None:
        """Take the file that an equal step made before, if it still is there."""
        same = Artifact.objects.filter(step_key=step_key).order_by("-created_at")
        artifact = same.first()
        if artifact is None or not is_whole(artifact):
            return None
        self.say(f"nothing changed, reused {artifact.digest[:12]}")
        return made_of(path, artifact)

    def publish(self, made: Made, **stats: Any) -> Effect:
        """Return the effect that makes a file public together with the job's end."""
        totals = {
            "bytes": made.stored.size,
            "count_of_rows": made.rows,
            "dataset_name": self.spec.descriptor.get("name") or self.dataset.name,
            "hash": made.stored.digest,
        } | stats

        def effect() -> None:
            artifact = kept(made.reused) if made.reused else self._artifact(made)
            Output.objects.update_or_create(
                revision=self.revision,
                path=made.path,
                defaults={"pipeline": self.pipeline, "artifact": artifact},
            )
            follow.report(
                self.pipeline, stats=totals, lines=self.log, at=timezone.now()
            )

        return effect

    def _artifact(self, made: Made) -> Artifact:
        receipt = {
            "revision": self.revision.flow_id,
            "job": str(self.run.job.pk),
            "made_at": timezone.now().isoformat(),
            **made.receipt,
        }
        return Artifact.objects.create(
            digest=made.stored.digest,
            size_bytes=made.stored.size,
            name=made.path.rpartition("/")[2],
            media_type=media_type(made.path),
            rows=made.rows,
            step_key=made.step_key,
            receipt=receipt,
            job=self.run.job,
        )


def is_whole(artifact: Artifact) -> bool:
    return (
        store().exists(artifact.digest)
        and store().size(artifact.digest) == artifact.size_bytes
    )


def kept(artifact: Artifact) -> Artifact:
    """Hold an artifact until the commit, so that it cannot be pruned meanwhile."""
    same = Artifact.objects.select_for_update(no_key=True).filter(pk=artifact.pk)
    held = same.first()
    if held is None:
        message = "The file to be reused was deleted at that moment."
        raise WorkFailed("file_gone", message, temporary=True)
    return held


def made_of(path: str, artifact: Artifact) -> Made:
    return Made(
        path=path,
        stored=Stored(artifact.digest, artifact.size_bytes),
        rows=artifact.rows,
        reused=artifact,
    )


def open_artifact(artifact: Artifact) -> BinaryIO:
    return store().open(artifact.digest, size=artifact.size_bytes)


def at_fault(resource: Resource, error: Exception, *, code: str) -> WorkFailed:
    """Say which resource, and where it came from, in front of what was wrong."""
    where = shown_url(resource.url) if resource.url else "inline data"
    return WorkFailed(code, f"{resource.name} ({where}): {error}")


def shown_url(url: str) -> str:
    """Show a URL without its query, which may hold a secret."""
    return url.partition("#")[0].partition("?")[0]


def source_file(resource: Resource) -> PurePosixPath:
    """Return the path of a resource's file, as its URL or its descriptor names it.

    Inline data is a file of the kind that the copy writes it as.
    """
    if resource.url is None:
        suffix = "csv" if isinstance(resource.data, str) else "json"
        return PurePosixPath(f"data.{suffix}")
    location = resource.path or resource.url
    if "://" in location:
        location = urlsplit(resource.url).path
    return PurePosixPath(location)
