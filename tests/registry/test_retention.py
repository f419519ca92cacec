"""Which revisions of a dataset are kept, and which files go with the others."""

import hashlib
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry import retention
from registry.models import Comparison, Dataset, Revision
from registry.states import RunState
from tasks.archive.stored import store
from tasks.models import Artifact
from tasks.prune import Pruned, prune
from tests.support.history import a_revision, a_spec, answer, numbers

pytestmark = pytest.mark.django_db(transaction=True)

S, F = RunState.SUCCEEDED, RunState.FAILED
LONG_AGO = timezone.now() - timedelta(days=2)


def with_states(*states: RunState, keep: int | None = None) -> Dataset:
    """Make a dataset whose revisions have these states, each with a file of its own."""
    for number, state in enumerate(states, 1):
        a_revision(f"n,m\n{number},x\n".encode(), state=state)
    Dataset.objects.update(keep_successful=keep)
    return Dataset.objects.get()


def age() -> None:
    """Let files and their rows be old enough to be nobody's."""
    Artifact.objects.update(created_at=LONG_AGO)


def pruned(*, dry_run: bool = False) -> Pruned:
    return prune(before=LONG_AGO, dry_run=dry_run)


@pytest.mark.parametrize(
    ("states", "keep", "kept"),
    [
        ([S, S, S], None, [1, 2, 3]),
        ([S, S, S], 2, [2, 3]),
        ([S, S, S], 1, [3]),
        ([S, S, S], 3, [1, 2, 3]),
        ([S, S, S], 9, [1, 2, 3]),
        # The newest successful one is never deleted, whatever the number says.
        ([S, S, F], 0, [2, 3]),
        # Failures go with what was before the oldest one kept.
        ([F, S, F, S, F], 1, [4, 5]),
        ([F, S, F, S, F], 2, [2, 3, 4, 5]),
        ([F, F, F], 1, [1, 2, 3]),
        ([F, S], 1, [2]),
        ([], 1, []),
    ],
)
def test_the_last_successful_ones_are_kept_and_what_came_after_them(
    states: list[RunState], keep: int | None, kept: list[int]
) -> None:
    a_revision(b"n,m\n", a_spec(dataset="other"))
    for number, state in enumerate(states, 1):
        a_revision(f"n,m\n{number},x\n".encode(), state=state)
    Dataset.objects.update(keep_successful=keep)

    counts = retention.prune(at=timezone.now(), dry_run=False)

    assert counts["revisions"] == len(states) - len(kept)
    assert numbers(name="other") == [1]
    if states:
        assert numbers() == kept


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.INPROGRESS])
def test_what_is_still_running_is_kept(state: RunState) -> None:
    dataset = with_states(S, S, S, keep=1)
    Revision.objects.filter(number=1).update(state=state, finished_at=None)

    assert retention.trim(dataset=dataset) == 1

    assert numbers() == [1, 3]


def test_a_dry_run_counts_and_deletes_nothing() -> None:
    with_states(S, S, S, keep=1)

    counts = pruned(dry_run=True).others

    assert (counts["revisions"], counts["comparisons"]) == (2, 0)

    assert numbers() == [1, 2, 3]


def test_the_number_of_the_next_revision_is_not_taken_again() -> None:
    with_states(S, S, keep=1)
    pruned()

    assert a_revision(b"n,m\n").number == 3


def test_the_files_of_what_is_gone_go_and_those_that_others_show_stay() -> None:
    shared, alone, newest = (f"n,m\n{n},x\n".encode() for n in range(3))
    a_revision(shared, a_spec(dataset="other"))
    for content in (shared, alone, newest):
        a_revision(content)
    Dataset.objects.filter(name="id").update(keep_successful=1)
    age()

    counts = pruned()

    assert counts.others["revisions"] == 2
    assert counts.artifacts == 1
    left = set(Artifact.objects.values_list("digest", flat=True))
    assert left == {hashlib.sha256(one).hexdigest() for one in (shared, newest)}


def test_a_file_without_an_artifact_leaves_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_states(S, S, keep=1)
    gone = Artifact.objects.earliest("pk").digest
    age()
    monkeypatch.setattr("tasks.prune.YOUNG_S", 0.0)

    assert pruned().files == 1

    assert not store().exists(gone)
    assert len(list(store().digests())) == 1


def test_a_young_artifact_is_left_to_what_is_about_to_show_it() -> None:
    with_states(S, S, keep=1)

    assert pruned().artifacts == 0

    assert Artifact.objects.count() == 2


def test_an_artifact_that_expires_later_is_kept_until_then() -> None:
    later = timezone.now() + timedelta(days=1)
    Artifact.objects.create(
        digest="0" * 64, size_bytes=0, created_at=LONG_AGO, expires_at=later
    )

    assert pruned().artifacts == 0

    Artifact.objects.update(expires_at=LONG_AGO)
    assert pruned().artifacts == 1


def test_a_comparison_keeps_its_file_and_is_forgotten_in_time(client: Client) -> None:
    with_states(S, S)
    answer(client)
    age()
    assert pruned().artifacts == 0

    Comparison.objects.update(created_at=timezone.now() - timedelta(days=31))
    counts = pruned()

    assert counts.others["comparisons"] == 1
    assert counts.artifacts == 1
    assert not Comparison.objects.exists()


def test_a_dataset_without_a_limit_is_not_trimmed() -> None:
    assert retention.trim(dataset=with_states(S, S)) == 0
