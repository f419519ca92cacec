"""manage.py append_events SHARE FILE: a file's events, all or none."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from exports.models import Batch
from tests.support.sharing import NOBODYS, a_share

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_store"),
]


def append(share: object, file: Path) -> str:
    out = io.StringIO()
    arguments = (str(share), str(file))
    call_command("append_events", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.mark.parametrize("text", ['[{"a":"1"},{"a":"2"}]', '{"a":"1"}\n{"a":"2"}\n'])
def test_the_batchs_number_alone_is_printed(tmp_path: Path, text: str) -> None:
    share, file = a_share(), tmp_path / "events"
    file.write_text(text)

    printed = [append(share, file), append(share, file)]

    assert printed == ["1\n", "2\n"]
    assert list(Batch.objects.values_list("rows", flat=True)) == [2, 2]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("nonsense", "Event 1: "),
        ('[{"a":"1"},{"a":{"b":"2"}}]', "Event 2, key 'a': "),
        ("[]", ""),
    ],
)
def test_a_bad_file_is_told_by_its_event(tmp_path: Path, text: str, where: str) -> None:
    file = tmp_path / "events"
    file.write_text(text)

    with pytest.raises(CommandError) as refused:
        append(a_share(), file)

    assert str(refused.value).startswith(f"{file}: {where}")
    assert not Batch.objects.exists()


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"There is no share {NOBODYS}"):
        append(NOBODYS, tmp_path / "events")
    with pytest.raises(CommandError, match="No such file"):
        append(a_share(), tmp_path / "events")
