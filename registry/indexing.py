"""What a search finds of a dataset, kept as its revisions have it."""

from collections.abc import Mapping
from typing import Any

from registry.models import Dataset, Revision
from registry.spec import Spec
from registry.states import ENDED, RunState

LONGEST_TITLE = 500
WORDS = ("title", "description", "readme")


def take_spec(dataset: Dataset, spec: Spec) -> None:
    """Take a new spec's findability; what is listed keeps its words until it succeeds.

    Where the findability is another one, the next success lists the dataset anew.
    """
    dataset.listed &= dataset.findability == spec.meta.findability
    dataset.findability = spec.meta.findability
    if not dataset.listed:
        _take_words(dataset, spec.descriptor)


def index(revision: Revision) -> None:
    """Take a revision that has just ended into its dataset's row.

    Contract 3.1.6: a success is listed by its findability. A failure before the first
    success gives its words as well, but is not listed; any later one changes nothing.
    """
    if _is_outdated(revision):
        return
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=revision.dataset_id)
    succeeded = revision.state == RunState.SUCCEEDED
    if dataset.listed and not succeeded:
        return
    # Words of a private revision are not listed because a newer one is to be public.
    dataset.listed = succeeded and dataset.findability == revision.findability
    _take_words(dataset, revision.spec["inputs"][0]["parameters"]["descriptor"])
    dataset.save(update_fields=[*WORDS, "search", "listed"])


def _is_outdated(revision: Revision) -> bool:
    """Tell whether a later revision has had its say, as when this one was retried."""
    later = revision.dataset.revisions.filter(number__gt=revision.number)
    told = ENDED if revision.state == RunState.FAILED else (RunState.SUCCEEDED,)
    return later.filter(state__in=told).exists()


def _take_words(dataset: Dataset, descriptor: Mapping[str, Any]) -> None:
    title, *others = (str(descriptor.get(name) or "") for name in WORDS)
    dataset.title = title[:LONGEST_TITLE]
    dataset.description, dataset.readme = others
