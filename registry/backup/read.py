"""Reading the registry's rows back, into an empty registry or beside what is there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import DatabaseError, transaction

from registry.backup.rows import FORMAT, VERSION, Line, fields_of, read_row
from registry.errors import BackupError
from registry.follow import settle
from registry.models import Dataset, Output, Pipeline, Revision, Runner
from registry.states import ENDED, RunState
from tasks.models import Artifact, Client, Identity


@dataclass
class Restored:
    """What was made of a backup, and the digests of the files it is about."""

    datasets: int = 0
    revisions: int = 0
    known: int = 0  # revisions that were here already
    started: int = 0  # revisions that had not ended, and now go on
    digests: set[str] = field(default_factory=set)


def read(lines: Iterable[str]) -> Restored:
    """Add what is not here yet, all of it or, after an error, nothing.

    A revision that is here must have the same time and spec, and stays as it is. So
    does a dataset, unless the backup knows a later revision of it.

    Raises:
        BackupError: a line makes no sense, or contradicts what is here.
    """
    reader = _Reader()
    try:
        with transaction.atomic():
            for text in lines:
                reader.take(text)
            reader.finish()
    except BackupError as error:
        raise BackupError(f"Line {reader.line}: {error}") from error
    except (DatabaseError, UnicodeError) as error:
        told = f"Line {reader.line}: {type(error).__name__}: {error}"
        raise BackupError(told) from error
    return reader.restored


class _Reader:
    """What earlier lines have said, for the later ones that name it."""

    def __init__(self) -> None:
        self.restored = Restored()
        self.line = 0
        self.ended = False
        self.clients: dict[str, Client] = {}
        self.datasets: dict[tuple[str, ...], Dataset] = {}
        self.artifacts: dict[int, int] = {}
        self.artifacts_taken: set[int] = set()
        # Of the last revision; None when it was here already.
        self.revision: Revision | None = None
        self.pipelines: dict[str, Pipeline] = {}
        self.unended: list[Revision] = []
        self.takers: dict[str, Callable[[Line], None]] = {
            "owner": self.take_owner,
            "dataset": self.take_dataset,
            "revision": self.take_revision,
            "pipeline": self.take_pipeline,
            "artifact": self.take_artifact,
            "output": self.take_output,
            "end": self.take_end,
        }

    def take(self, text: str) -> None:
        self.line += 1
        line = Line(text)
        if self.line == 1:
            self.check_header(line)
        elif self.ended:
            raise BackupError("It comes after the end.")
        elif taker := self.takers.get(line.kind):
            taker(line)
        else:
            raise BackupError(f"{line.kind!r} is no kind of row.")

    def check_header(self, line: Line) -> None:
        if line.kind != "header" or line.take("format", str) != FORMAT:
            raise BackupError("This is no backup of a registry.")
        if line.take("version", int) != VERSION:
            raise BackupError(f"This version reads backups of version {VERSION} only.")

    def take_end(self, line: Line) -> None:
        # Neither the header nor this one is a row.
        if line.take("rows", int) != self.line - 2:
            raise BackupError("The number of rows is not the one that was written.")
        self.ended = True

    def finish(self) -> None:
        if not self.ended:
            raise BackupError("The backup ends here, before all of it was written.")
        for revision in self.unended:
            running = revision.pipelines.filter(state=RunState.INPROGRESS)
            running.update(state=RunState.QUEUED)
            settle(revision)
        self.restored.started = len(self.unended)

    def take_owner(self, line: Line) -> None:
        """Find the client behind an owner; one that is here keeps its own limits."""
        owner, told = line.take("owner", str), read_row(Client, line.row)
        same = Identity.objects.filter(scheme=Identity.Scheme.JWT, subject=owner)
        identity = same.select_related("client").first()
        client = identity.client if identity else None
        client = client or Client.objects.filter(name=told.name).first()
        if client is None:
            told.save(force_insert=True)
            client = told
        if identity is None:
            same.create(scheme=Identity.Scheme.JWT, subject=owner, client=client)
        self.clients[owner] = client

    def take_dataset(self, line: Line) -> None:
        told = read_row(Dataset, line.row)
        if told.owner not in self.clients:
            raise BackupError(f"No line before it is about the owner {told.owner!r}.")
        here = Dataset.objects.select_for_update(no_key=True)
        dataset = here.filter(owner=told.owner, name=told.name).first()
        if dataset is None:
            told.client = self.clients[told.owner]
            told.save(force_insert=True)
            self.restored.datasets += 1
        elif dataset.newest < told.newest:
            for one in fields_of(Dataset):
                setattr(dataset, one.name, getattr(told, one.name))
            dataset.save()
        self.datasets[told.owner, told.name] = dataset or told

    def take_revision(self, line: Line) -> None:
        told = read_row(Revision, line.row)
        names = tuple(str(name) for name in line.take("dataset", list))
        dataset = self.datasets.get(names)
        if dataset is None:
            raise BackupError(f"No line before it is about {'/'.join(names)!r}.")
        told.dataset = dataset
        self.revision, self.pipelines = None, {}
        here = dataset.revisions.filter(number=told.number).first()
        if here is not None:
            if (here.created_at, here.spec) != (told.created_at, told.spec):
                raise BackupError(f"{told.flow_id} is here, and is another revision.")
            self.restored.known += 1
            return
        told.save(force_insert=True)
        self.revision = told
        self.restored.revisions += 1
        if told.state not in ENDED and told.runner == Runner.INTERNAL:
            self.unended.append(told)

    def take_pipeline(self, line: Line) -> None:
        if self.revision is not None:
            pipeline = read_row(Pipeline, line.row)
            pipeline.revision = self.revision
            pipeline.save(force_insert=True)
            self.pipelines[pipeline.pipeline_id] = pipeline

    def take_artifact(self, line: Line) -> None:
        told = read_row(Artifact, line.row)
        same = Artifact.objects.filter(
            digest=told.digest,
            name=told.name,
            step_key=told.step_key,
            created_at=told.created_at,
        )
        known = same.exclude(pk__in=self.artifacts_taken).order_by("pk").first()
        if known is None:
            told.save(force_insert=True)
        artifact = known or told
        self.artifacts[line.take("number", int)] = artifact.pk
        self.artifacts_taken.add(artifact.pk)
        self.restored.digests.add(artifact.digest)

    def take_output(self, line: Line) -> None:
        if self.revision is None:
            return
        output = read_row(Output, line.row)
        pipeline = self.pipelines.get(line.take("pipeline", str))
        artifact = self.artifacts.get(line.take("artifact", int))
        if pipeline is None or artifact is None:
            raise BackupError("No line before it is about its pipeline or its file.")
        output.revision, output.pipeline = self.revision, pipeline
        output.artifact_id = artifact
        output.save(force_insert=True)
