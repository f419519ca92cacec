"""Batches of assets: checked as a whole, and added to a task once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from tasks.archive.names import safe_name, unique_names
from tasks.collecting import phases
from tasks.collecting.errors import BadAsset, TaskClosed, TooManyAssets
from tasks.engine.storable import fit, storable
from tasks.models import Asset, AssetState, Task
from tasks.models.task import LONGEST_FILE_NAME
from tasks.outbound import BadUrl
from tasks.outbound.urls import parse


@dataclass(frozen=True, slots=True)
class AssetRequest:
    """An asset as a client names it."""

    file_name: str
    attributes: Mapping[str, Any]
    url: str

    @property
    def key(self) -> str:
        """Tell it from all others of its task."""
        text = f"{self.file_name}\0{self.url}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Added:
    assets: list[Asset]  # of the whole batch, in its order; equal ones are one
    work: bool  # some of them wait to be downloaded since now


def check_batch(assets: Sequence[AssetRequest]) -> None:
    """Find the first fault of a batch.

    Raises:
        TooManyAssets: for one batch.
        BadAsset: with the place in the body of contract 004.
    """
    most = settings.TASK_ASSETS_PER_BATCH
    if len(assets) > most:
        raise TooManyAssets(
            f"A batch may have {most} assets, this one has {len(assets)}."
        )
    for number, one in enumerate(assets):
        _check(f"data[{number}]", one)


def _check(where: str, asset: AssetRequest) -> None:
    if not asset.file_name:
        raise BadAsset(f"{where}.file_name", "is empty")
    if len(asset.file_name) > LONGEST_FILE_NAME:
        reason = f"is longer than {LONGEST_FILE_NAME} characters"
        raise BadAsset(f"{where}.file_name", reason)
    missing = [n for n in settings.TASK_ATTRIBUTES if n not in asset.attributes]
    if missing:
        raise BadAsset(f"{where}.attributes", f"{', '.join(missing)} missing")
    try:
        parse(asset.url)
    except BadUrl as error:
        raise BadAsset(f"{where}.download_url", str(error)) from error


def add(task: Task, requests: Sequence[AssetRequest]) -> Added:
    """Add what is new to a locked task, and let what had failed wait once more.

    An asset is the same as another of its file name and URL.

    Raises:
        TooManyAssets: for one task.
        TaskClosed: it was said that no more would come.
    """
    wanted = {one.key: one for one in requests}
    known = {one.key: one for one in task.assets.filter(key__in=wanted)}
    new = [one for key, one in wanted.items() if key not in known]
    if new and task.all_sent:
        raise TaskClosed("No more assets can be added: the last batch has come.")
    known |= {one.key: one for one in _create(task, new)}
    failed = [one.pk for one in known.values() if one.state == AssetState.FAILED]
    again = phases.requeue(task, failed) if failed else 0
    return Added([known[key] for key in wanted], work=bool(new or again))


def _create(task: Task, new: Sequence[AssetRequest]) -> list[Asset]:
    if not new:
        return []
    most = settings.TASK_MAX_ASSETS
    if task.announced + len(new) > most:
        raise TooManyAssets(
            f"A task may have {most} assets, this one would have "
            f"{task.announced + len(new)}."
        )
    names = _names(task, new)
    made = Asset.objects.bulk_create(
        Asset(
            task=task,
            number=number,
            file_name=fit(one.file_name),
            name=name,
            url=one.url,
            key=one.key,
            attributes=storable(one.attributes),
        )
        for number, (one, name) in enumerate(
            zip(new, names, strict=True), task.announced
        )
    )
    phases.change(task, announced=task.announced + len(new))
    return made


def _names(task: Task, new: Sequence[AssetRequest]) -> list[str]:
    """Name the new ones so that they differ from each other and all before."""
    taken = list(task.assets.values_list("name", flat=True))
    safe = [safe_name(one.file_name, fallback="asset") for one in new]
    return unique_names([*taken, *safe])[len(taken) :]
