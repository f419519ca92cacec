"""Datasets, an owner's or all, and a dataset's revisions, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import OuterRef

from registry.errors import NoSuchRevision
from registry.models import Dataset, Revision
from registry.models.dataset import DatasetQuerySet, RevisionQuerySet
from registry.spec import Findability

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows, newest first; `last` is where the next page goes on, None at the end."""

    rows: Sequence[T]
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry:
    """A dataset, and the state of its newest revision."""

    id: int
    owner: str
    name: str
    title: str
    description: str
    findability: str
    certified: bool | None
    newest: int
    state: str | None
    modified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionEntry:
    number: int
    state: str
    findability: str
    cause: str
    created_at: datetime
    modified_at: datetime
    finished_at: datetime | None


def list_datasets(
    *, owner: str, words: str, is_owner: bool, after: int | None, limit: int
) -> Page[DatasetEntry]:
    """Return a page of what the caller may find of an owner's datasets.

    Raises:
        NoSuchRevision: there is nothing that the caller may know of.
    """
    found = Dataset.objects.of_owner(owner)
    found = found if is_owner else found.listed()
    page = _dataset_page(found.with_words(words), after=after, limit=limit)
    # An owner with a token is known, even before the first upload.
    if not page.rows and not is_owner and not found.exists():
        raise NoSuchRevision(f"There is no owner {owner}.")
    return page


def list_public(*, words: str, after: int | None, limit: int) -> Page[DatasetEntry]:
    """Return a page of what anybody may find, of all owners."""
    found = Dataset.objects.listed().with_words(words)
    return _dataset_page(found, after=after, limit=limit)


def _dataset_page(
    found: DatasetQuerySet, *, after: int | None, limit: int
) -> Page[DatasetEntry]:
    some = found if after is None else found.filter(pk__lt=after)
    return _page(_dataset_entries(some, count=limit + 1), limit, lambda one: one.id)


def _dataset_entries(found: DatasetQuerySet, *, count: int) -> list[DatasetEntry]:
    newest = Revision.objects.filter(dataset=OuterRef("pk"), number=OuterRef("newest"))
    rows = found.order_by("-pk").values(
        *("id", "owner", "name", "title", "description"),
        *("findability", "certified", "newest"),
        state=newest.values("state"),
        modified_at=newest.values("modified_at"),
    )
    return [DatasetEntry(**row) for row in rows[:count]]


def list_revisions(
    *, owner: str, dataset: str, is_owner: bool, after: int | None, limit: int
) -> Page[RevisionEntry]:
    """Return a page of a dataset's revisions.

    Raises:
        NoSuchRevision: there is no such dataset that the caller may know of.
    """
    found = Revision.objects.of_dataset(owner=owner, dataset=dataset)
    if not is_owner:
        public = Findability.PUBLISHED
        found = found.filter(dataset__findability=public, findability=public)
    some = found if after is None else found.filter(number__lt=after)
    page = _page(
        _revision_entries(some, count=limit + 1), limit, lambda one: one.number
    )
    if not page.rows and not found.exists():
        raise NoSuchRevision(f"There is no dataset {owner}/{dataset}.")
    return page


def _revision_entries(found: RevisionQuerySet, *, count: int) -> list[RevisionEntry]:
    rows = found.order_by("-number").values(
        *("number", "state", "findability", "cause"),
        *("created_at", "modified_at", "finished_at"),
    )
    return [RevisionEntry(**row) for row in rows[:count]]


def _page(rows: list[T], limit: int, place: Callable[[T], int]) -> Page[T]:
    """Make a page of what may be one row more than it holds."""
    more = len(rows) > limit
    return Page(rows[:limit], last=place(rows[limit - 1]) if more else None)
