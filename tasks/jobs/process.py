"""Processing a task: its result made, and published with the job's end."""

from collections.abc import Generator
from functools import partial
from typing import BinaryIO
from uuid import UUID

from tasks import processors
from tasks.archive.stored import store
from tasks.archive.upload import StoreWriter
from tasks.collecting import phases, results
from tasks.engine import clock
from tasks.engine.run import Effect, Run, Step
from tasks.errors import WorkFailed
from tasks.jobs.gone import task_gone
from tasks.models import Asset, AssetState, Phase, ResultType, Task
from tasks.processors import Product

Steps = Generator[Step, None, Effect | None]


def run_process(run: Run) -> Steps:
    """Make a task's result; a website's pages become public together with it."""
    task_id = UUID(run.params["task"])
    task = Task.objects.filter(
        pk=task_id, phase=Phase.PROCESSING, process_job=run.job.pk
    ).first()
    if task is None:
        raise task_gone(run)
    processor = _processor(task.processor)
    product = yield from processor.run(_job(run, task))
    return partial(_publish, run, task_id, processor.result_type, product)


def _processor(name: str) -> processors.Processor:
    try:
        return processors.find(name)
    except processors.NoSuchProcessor as error:
        raise WorkFailed("no_processor", str(error)) from error


def _job(run: Run, task: Task) -> processors.ProcessorJob:
    settled = list(task.assets.select_related("artifact").order_by("number"))

    def writer() -> StoreWriter:
        return store().writer(fence=f"{run.job.pk}-{run.lease.fence}")

    return processors.ProcessorJob(
        task=task,
        assets=[one for one in settled if one.state == AssetState.DOWNLOADED],
        failed=[one for one in settled if one.state == AssetState.FAILED],
        run=run,
        open=_open,
        writer=writer,
        folder=run.scratch(),
    )


def _open(asset: Asset) -> BinaryIO:
    return store().open(asset.digest, size=asset.size_bytes)


def _publish(
    run: Run, task_id: UUID, result_type: ResultType, product: Product
) -> None:
    task = phases.lock(task_id, phase=Phase.PROCESSING, process_job=run.job.pk)
    if task is None:
        results.drop(product)
        raise task_gone(run)
    results.publish(task, product, result_type=result_type, job=run.job, at=clock.now())
