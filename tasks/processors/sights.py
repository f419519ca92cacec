"""An asset as the catalogue and the gallery see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import BinaryIO

from PIL.ImageFile import ImageFile

from tasks.models import Asset
from tasks.processors.base import ProcessorJob
from tasks.processors.images import Patience, Photo, Unreadable, look, opened, thumbnail
from tasks.processors.images import Thumbnail as Thumbnail
from tasks.processors.places import BadPlace, Place, declared_place


@dataclass(frozen=True, slots=True)
class Sight:
    photo: Photo | None = None
    place: Place | None = None
    place_from: str | None = None  # "attributes" or "exif"
    notes: tuple[str, ...] = ()  # why a photo, a place or a thumbnail is missing
    thumbnail: Thumbnail | None = None


class Eye:
    """Looks at a job's assets, until the job is to stop."""

    def __init__(self, job: ProcessorJob) -> None:
        self._job = job
        self._stopped = Event()
        job.run.on_stop(self._stopped.set)

    def look(self, asset: Asset, *, side: int | None = None) -> Sight:
        """Describe an asset, with a thumbnail that fits into a square of `side`."""
        notes: list[str] = []
        photo = small = None
        try:
            with self._opened(asset) as image:
                photo = look(image)
                small = thumbnail(image, side) if side else None
        except Unreadable as error:
            notes.append(str(error))
        place, place_from = _place(asset, photo, notes)
        return Sight(photo, place, place_from, tuple(notes), small)

    @contextmanager
    def _opened(self, asset: Asset) -> Iterator[ImageFile]:
        size = asset.size_bytes or 0
        file: BinaryIO
        with (
            self._job.open(asset) as file,
            opened(file, size=size, patience=Patience(self._stopped)) as image,
        ):
            yield image


def _place(
    asset: Asset, photo: Photo | None, notes: list[str]
) -> tuple[Place | None, str | None]:
    """Believe the client first, then the camera."""
    try:
        declared = declared_place(asset.attributes)
    except BadPlace as error:
        notes.append(str(error))
        declared = None
    if declared:
        return declared, "attributes"
    if photo and photo.shot.place:
        return photo.shot.place, "exif"
    return None, None
