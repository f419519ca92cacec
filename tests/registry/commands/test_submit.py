"""manage.py submit SPEC.json: a spec from a file, as its owner."""

import io
import json
import threading
from pathlib import Path
from time import monotonic, sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from registry.models import Revision
from tasks import services
from tasks.engine import shift
from tasks.models import Identity
from tests.support.sources import Sources
from tests.support.specstore import Json, row_counts, spec_of, table


def submit(path: Path, *options: str) -> str:
    """Run the command; return what it wrote to stdout."""
    out = io.StringIO()
    call_command("submit", str(path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spec.json"


def written(file: Path, spec: Json) -> Path:
    file.write_text(json.dumps(spec))
    return file


@pytest.mark.django_db
def test_the_revisions_id_alone_is_printed(file: Path) -> None:
    written(file, spec_of())

    assert submit(file) == "me/id/1\n"
    assert submit(file) == "me/id/2\n"


@pytest.mark.django_db
def test_there_is_no_quota(file: Path) -> None:
    ids = [submit(written(file, spec_of(dataset=f"d{n}"))) for n in range(12)]

    assert ids[-1] == "me/d11/1\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 5000, "is not JSON"),
        (b"null", "Missing owner in spec"),
        (b"[]", "Missing owner in spec"),
        (b"{}", "Missing owner in spec"),
        (b'{"meta": {"ownerid": "me"}}', "Unexpected error: 'dataset'"),
        (
            b'{"meta": {"ownerid": "me", "dataset": "id"}, "schedule": "never"}',
            "Schedule should start with 'every'",
        ),
    ],
)
def test_a_file_that_is_no_spec_is_refused_and_nothing_saved(
    file: Path, content: bytes, words: str
) -> None:
    file.write_bytes(content)

    with pytest.raises(CommandError, match=words):
        submit(file)

    assert set(row_counts().values()) == {0}


@pytest.mark.parametrize(
    ("name", "words"),
    [("none.json", "No such file"), ("", "Is a directory"), ("x" * 300, "too long")],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        submit(tmp_path / name)


@pytest.mark.django_db
def test_an_owner_that_was_revoked_is_refused(file: Path) -> None:
    owner = services.client_of(Identity.Scheme.JWT, "me")
    owner.revoked_at = timezone.now()
    owner.save()

    with pytest.raises(CommandError, match="revoked"):
        submit(written(file, spec_of()))

    assert not Revision.objects.exists()


class Worker(threading.Thread):
    """Answers the bell in this process while a command waits."""

    def __init__(self) -> None:
        super().__init__()
        self.until = monotonic() + 30
        self.done = threading.Event()

    def run(self) -> None:
        try:
            while not self.done.is_set() and monotonic() < self.until:
                shift.answer()
                sleep(0.05)
        finally:
            connection.close()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.join()


@pytest.mark.django_db(transaction=True)
def test_waiting_shows_each_pipeline_to_its_end(
    file: Path, sources: Sources, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sources.put("/a.csv", b"n\n1\n")
    written(file, spec_of(table("a", url, "n")))

    with Worker():
        out = submit(file, "--wait")

    assert out == "me/id/1\n"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 7
    assert all("✓" in line for line in lines)
    for title in ("Copying source data", "Creating Package", "Generating views"):
        assert sum(title in line for line in lines) == 1


@pytest.mark.django_db(transaction=True)
def test_waiting_for_a_failure_ends_in_failure(file: Path, sources: Sources) -> None:
    url = sources.fails("/a.csv", "404 Not Found")
    written(file, spec_of(table("a", url, "n")))

    with Worker(), pytest.raises(CommandError, match=r"a \(http://127.*404"):
        submit(file, "--wait")

    assert Revision.objects.get().state == "failed"
