"""Tasks whose assets are here already, and processors run on them."""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from tasks.archive.names import media_type
from tasks.archive.store import LocalStore, Stored
from tasks.engine.run import Run, Step
from tasks.models import Asset, AssetState, Phase, Task
from tasks.processors import Processor, ProcessorJob, Product
from tests.support.jobs import a_client, a_job, claimed

URL = "https://images.example/given/{number}?token=secret#part"
Made = Generator[Step, None, Product]


@dataclass
class Processing:
    """A task in PROCESSING, with a store and a claimed job of its own."""

    store: LocalStore
    folder: Path
    task: Task = field(init=False)
    work: Run = field(init=False)
    steps: list[Step] = field(default_factory=list)
    count: int = 0  # of assets

    def __post_init__(self) -> None:
        self.task = Task.objects.create(
            client=a_client(), phase=Phase.PROCESSING, processor="archive"
        )
        self.work = Run(claimed(a_job()))
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(
        self, file_name: str, content: bytes, attributes: Any = None, **fields: Any
    ) -> Asset:
        stored = self._store(content)
        kept = {
            "state": AssetState.DOWNLOADED,
            "size_bytes": stored.size,
            "digest": stored.digest,
            "media_type": media_type(file_name).partition(";")[0],
        }
        return self._announce(file_name, attributes, **{**kept, **fields})

    def add_failed(self, file_name: str, code: str, error: str) -> Asset:
        state = AssetState.FAILED
        return self._announce(
            file_name, None, state=state, error_code=code, error=error, attempts=3
        )

    def add_many(self, contents: Sequence[tuple[str, bytes, Any]]) -> None:
        with transaction.atomic():
            for file_name, content, attributes in contents:
                self.add(file_name, content, attributes)

    def job(self) -> ProcessorJob:
        mine = self.task.assets.order_by("number")
        return ProcessorJob(
            task=self.task,
            assets=list(mine.filter(state=AssetState.DOWNLOADED)),
            failed=list(mine.filter(state=AssetState.FAILED)),
            run=self.work,
            open=self._open,
            writer=partial(self.store.writer, fence="job"),
            folder=self.folder,
        )

    def make(self, processor: Processor, job: ProcessorJob | None = None) -> Product:
        """Run a processor to its end; `steps` are those it took."""
        running = processor.run(job or self.job())
        self.steps = []
        while True:
            try:
                self.steps.append(next(running))
            except StopIteration as end:
                product: Product = end.value
                return product

    def rest_of(self, running: Made) -> Generator[Step, None, None]:
        """Give the further steps of a processor to a run, and count them."""
        for step in running:
            self.steps.append(step)
            yield step

    def read(self, product: Product, page: str = "") -> bytes:
        stored = product.pages[page] if page else product.stored
        with self.store.open(stored.digest, size=stored.size) as file:
            return file.read()

    def _store(self, content: bytes) -> Stored:
        stored = Stored(hashlib.sha256(content).hexdigest(), len(content))
        if not self.store.exists(stored.digest):
            with self.store.writer(fence="asset") as out:
                out.write(content)
                out.commit()
        return stored

    def _announce(self, file_name: str, attributes: Any, **fields: Any) -> Asset:
        number = self.count
        self.count += 1
        given = {
            "name": file_name,
            "url": URL.format(number=number),
            "attributes": {} if attributes is None else attributes,
            "key": hashlib.sha256(f"{number}".encode()).hexdigest(),
        }
        return Asset.objects.create(
            task=self.task, number=number, file_name=file_name, **{**given, **fields}
        )

    def _open(self, asset: Asset) -> BinaryIO:
        return self.store.open(asset.digest, size=asset.size_bytes)
