"""manage.py export_registry and import_registry: there and back, byte for byte."""

import hashlib
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry.backup.write import lines
from registry.models import Comparison, Dataset, Output, Pipeline, Revision
from registry.states import RunState
from tasks.archive.stored import store
from tasks.models import Artifact, Identity, Job
from tasks.models import Client as Owner
from tests.support.history import a_revision, a_spec, numbers
from tests.support.sources import Sources
from tests.support.specstore import (
    file_of,
    get,
    revision_of,
    row_counts,
    run_jobs,
    run_to_end,
    spec_of,
    table,
    uploaded,
)

CSV = b"n,m\n1,x\n2,y\n"

pytestmark = pytest.mark.django_db(transaction=True)


def call(*words: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*map(str, words), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def export(path: Path, *options: str) -> bytes:
    """Export, and return the rows."""
    out, _ = call("export_registry", path, *options)
    return Path(out.removesuffix("\n")).read_bytes()


def forget_all() -> None:
    """Empty the registry, and the store with it."""
    models: list[Any] = [Comparison, Output, Pipeline, Revision, Dataset, Artifact]
    for model in (*models, Job, Identity, Owner):
        model.objects.all().delete()
    for digest in store().digests():
        store().delete(digest)


def a_past(client: Client, sources: Sources) -> None:
    """Make what a registry may hold: reuse, failures, several owners, odd words."""
    url = sources.put("/a.csv", CSV)
    spec = spec_of(table("a", url, "n:integer", "m"), schedule="every 4h")
    assert run_to_end(client, spec)["state"] == "SUCCEEDED"
    assert run_to_end(client, spec)["state"] == "SUCCEEDED"
    gone = sources.fails("/gone.csv", "404 Not Found")
    run_to_end(client, spec_of(table("größe", gone, "n"), owner="you", dataset="ü"))
    private = spec_of(table("b", url, "n"), owner="me", dataset="private")
    private["meta"]["findability"] = "private"
    run_to_end(client, private)
    Dataset.objects.filter(name="id").update(certified=True, keep_successful=3)
    Owner.objects.filter(identities__subject="you").update(
        revoked_at=timezone.now(), max_open_jobs=7, destinations=["https://a.example"]
    )


def test_what_comes_back_is_exported_byte_for_byte(
    client: Client, sources: Sources, tmp_path: Path
) -> None:
    a_past(client, sources)
    before = export(tmp_path / "backup", "--files")
    counts = row_counts()
    files = sorted(store().digests())
    forget_all()
    assert set(row_counts().values()) == {0}

    _, said = call("import_registry", tmp_path / "backup")

    assert export(tmp_path / "again.jsonl") == before
    assert sorted(store().digests()) == files
    assert row_counts() == counts | {"Job": 0, "Artifact": counts["Artifact"]}
    assert "3 datasets and 4 revisions are new here" in said
    assert file_of(client, "me/id/latest", "data/a_csv.csv") == CSV
    assert get(client, "/datasets/me/private/1/data/b_csv.csv").status == 404


def test_a_restored_registry_goes_on(
    client: Client, sources: Sources, tmp_path: Path
) -> None:
    spec = spec_of(table("a", sources.put("/a.csv", CSV), "n"))
    run_to_end(client, spec)
    export(tmp_path / "backup", "--files")
    forget_all()
    call("import_registry", tmp_path / "backup")

    revision = run_to_end(client, spec)

    assert (revision["id"], revision["state"]) == ("me/id/2", "SUCCEEDED")
    assert "nothing changed, reused" in "\n".join(revision["logs"])


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    a_revision(CSV)
    a_revision(b"", state=RunState.FAILED)
    before = export(tmp_path / "rows.jsonl")
    counts = row_counts()

    _, said = call("import_registry", tmp_path / "rows.jsonl")

    assert row_counts() == counts
    assert export(tmp_path / "again.jsonl") == before
    assert "0 revisions are new here, 2 revisions were here already" in said


def test_what_is_newer_here_stays(tmp_path: Path) -> None:
    a_revision(CSV)
    export(tmp_path / "rows.jsonl")
    a_revision(CSV)
    Dataset.objects.update(certified=True)

    call("import_registry", tmp_path / "rows.jsonl")

    assert numbers() == [1, 2]
    dataset = Dataset.objects.get()
    assert (dataset.newest, dataset.certified) == (2, True)


def test_what_is_newer_in_the_backup_is_added(tmp_path: Path) -> None:
    first, second = a_revision(CSV), a_revision(CSV, a_spec(schedule="every 4d"))
    before = export(tmp_path / "rows.jsonl")
    Revision.objects.filter(pk=second.pk).delete()
    Dataset.objects.update(newest=1, period_s=None, scheduled_for=None)

    call("import_registry", tmp_path / "rows.jsonl")

    assert export(tmp_path / "again.jsonl") == before
    assert Revision.objects.filter(pk=first.pk).exists()
    # The artifact that the first revision still showed was not made twice.
    assert Artifact.objects.count() == 1


def test_another_revision_of_the_same_number_stops_it_all(tmp_path: Path) -> None:
    a_revision(CSV, a_spec(dataset="a"))
    a_revision(CSV, a_spec(dataset="b"))
    export(tmp_path / "rows.jsonl")
    forget_all()
    a_revision(CSV, a_spec("other", dataset="b"))

    with pytest.raises(CommandError, match=r"Line \d+: me/b/1 is here, and is another"):
        call("import_registry", tmp_path / "rows.jsonl")

    assert list(Dataset.objects.values_list("name", flat=True)) == ["b"]


def test_what_had_not_ended_starts_again(
    client: Client, sources: Sources, tmp_path: Path
) -> None:
    flow_id = uploaded(client, spec_of(table("a", sources.put("/a.csv", CSV), "n")))
    Pipeline.objects.filter(kind="copy").update(state=RunState.INPROGRESS)
    Revision.objects.update(state=RunState.INPROGRESS)
    export(tmp_path / "rows.jsonl")
    forget_all()

    _, said = call("import_registry", tmp_path / "rows.jsonl")

    assert "1 revisions had not ended and go on." in said
    run_jobs()
    assert revision_of(client, flow_id)["state"] == "SUCCEEDED"


def test_what_runs_elsewhere_is_left_to_its_runner(tmp_path: Path) -> None:
    a_revision(CSV)
    Revision.objects.update(
        runner="external", state=RunState.INPROGRESS, finished_at=None
    )
    before = export(tmp_path / "rows.jsonl")
    forget_all()

    call("import_registry", tmp_path / "rows.jsonl")

    assert export(tmp_path / "again.jsonl") == before
    assert not Job.objects.exists()


def test_files_that_are_nowhere_are_told(tmp_path: Path) -> None:
    a_revision(CSV)
    export(tmp_path / "rows.jsonl")
    forget_all()

    _, said = call("import_registry", tmp_path / "rows.jsonl")

    assert "1 files are not in the store." in said


def test_a_backup_that_lacks_a_file_is_a_failure_that_names_it(tmp_path: Path) -> None:
    a_revision(CSV)
    digest = hashlib.sha256(CSV).hexdigest()
    store().delete(digest)

    with pytest.raises(
        CommandError, match=f"1 files are not in the store:\n  {digest}"
    ):
        export(tmp_path / "backup", "--files")

    assert (tmp_path / "backup" / "registry.jsonl").exists()


def test_a_damaged_file_stops_it(tmp_path: Path) -> None:
    a_revision(CSV)
    export(tmp_path / "backup", "--files")
    forget_all()
    digest = hashlib.sha256(CSV).hexdigest()
    file = tmp_path / "backup" / "files" / digest[:2] / digest[2:4] / digest
    file.write_bytes(b"n,m\n")

    with pytest.raises(CommandError, match=f"The file {digest} is damaged"):
        call("import_registry", tmp_path / "backup")

    assert not Dataset.objects.exists()


def test_nobody_else_reads_the_rows(tmp_path: Path) -> None:
    a_revision(CSV)
    export(tmp_path / "rows.jsonl")

    assert (tmp_path / "rows.jsonl").stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.glob("*.part")] == []


def test_an_empty_registry_is_two_lines(tmp_path: Path) -> None:
    assert export(tmp_path).splitlines() == [
        b'{"format":"entrepot registry","kind":"header","version":1}',
        b'{"kind":"end","rows":0}',
    ]
    call("import_registry", tmp_path)


Lines = list[Any]


def without(name: str) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        kinds = [line["kind"] for line in lines]
        del lines[kinds.index(name)]
        lines[-1]["rows"] -= 1

    return change


def with_word(kind: str, name: str, value: object) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        line = next(one for one in lines if one["kind"] == kind)
        place = line if name in line else line["row"]
        place[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines.clear(), "ends here"),
        (lambda lines: lines.pop(), "ends here"),
        (lambda lines: lines.pop(0), "no backup of a registry"),
        (lambda lines: lines.pop(4), "number of rows"),
        (lambda lines: lines.append(lines[-1]), "after the end"),
        (with_word("header", "version", 2), "backups of version 1 only"),
        (with_word("header", "format", "x"), "no backup of a registry"),
        (with_word("dataset", "kind", "thing"), "'thing' is no kind of row"),
        (with_word("dataset", "row", []), "no 'row'"),
        (with_word("dataset", "kind", 1), "no 'kind'"),
        (with_word("dataset", "newer", 1), "'newer' is not known here"),
        (with_word("dataset", "findability", "secret"), "'findability' cannot be"),
        (with_word("dataset", "newest", "many"), "'newest' cannot be"),
        (with_word("dataset", "newest", None), "'newest' cannot be"),
        (with_word("dataset", "owner", "x" * 101), "'owner' cannot be"),
        (with_word("dataset", "created_at", "soon"), "'created_at' cannot be"),
        (with_word("revision", "dataset", [["me"], 1]), "No line before it"),
        (with_word("output", "pipeline", "me/id/9"), "No line before it"),
        (with_word("output", "artifact", 9), "No line before it"),
        (without("owner"), "No line before it is about the owner 'me'"),
        (without("dataset"), "No line before it is about 'me/id'"),
        (without("artifact"), "No line before it"),
    ],
)
def test_a_backup_that_was_changed_is_refused_and_nothing_saved(
    tmp_path: Path, change: Callable[[Lines], object], words: str
) -> None:
    a_revision(CSV)
    path = tmp_path / "rows.jsonl"
    told = [json.loads(line) for line in export(path).splitlines()]
    change(told)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in told))
    forget_all()

    with pytest.raises(CommandError, match=words):
        call("import_registry", path)

    assert set(row_counts().values()) == {0}


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b"[]", b"null", b"[" * 10_000, b'{"kind": "header"}']
)
def test_what_is_no_backup_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)

    with pytest.raises(CommandError):
        call("import_registry", path)


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call("import_registry", tmp_path / "none.jsonl")
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="exists"):
        call("export_registry", tmp_path / "file", "--files")


def test_an_export_is_of_one_moment_and_keeps_no_writer_waiting() -> None:
    a_revision(CSV)
    taken = lines(set())
    next(taken)
    next(taken)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write_and_leave).result(timeout=5)

    rest = [json.loads(line) for line in taken]
    assert sum(line["kind"] == "revision" for line in rest) == 1
    assert numbers() == [1, 2]


def write_and_leave() -> None:
    try:
        a_revision(CSV)
    finally:
        connection.close()
