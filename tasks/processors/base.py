"""What a processor is given, and what it gives back."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from tasks.archive.store import Stored
from tasks.archive.upload import StoreWriter
from tasks.engine.run import Run, Step
from tasks.models import Asset, ResultType, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorJob:
    """A task whose assets are here, or failed for good."""

    task: Task
    assets: Sequence[Asset]  # the downloaded ones, by number
    failed: Sequence[Asset] = ()  # the others, by number; `error` says why
    run: Run  # for steps and notes
    open: Callable[[Asset], BinaryIO]  # the asset's file, seekable
    writer: Callable[[], StoreWriter]  # begins a file; leave it by `with` and commit
    folder: Path  # of this attempt alone, removed after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The result; of a website `stored` is its first page.

    `pages` are a website's further files by their relative paths. Their media types
    follow from their names, see `tasks.processors.website.headers_of`; what lies
    under `files/` came from others and is only ever downloaded.
    """

    stored: Stored
    name: str  # a file name
    media_type: str
    pages: Mapping[str, Stored] = field(default_factory=dict)


class Processor(Protocol):
    """Makes one result of a task's assets.

    Each step should end within a second, so that a deleted task stops in time. After
    a crash it begins again with the first step.
    """

    @property
    def name(self) -> str:
        """What clients call it by."""

    @property
    def result_type(self) -> ResultType: ...

    def run(self, job: ProcessorJob) -> Generator[Step, None, Product]: ...
