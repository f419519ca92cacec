"""A full disk: the task fails with that reason, and the next one is made."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from tests.support.exporting import exported, failed
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, Connection, Request

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full"),
]

BLOCK = b"".join(b"%d,some text\n" % n for n in range(100_000))


def open_files() -> dict[int, str]:
    """Name the files that this process has open, by their numbers."""
    links = {}
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links[int(link.name)] = str(link.readlink())
    return links


def full_on_the_way(is_meant: Callable[[str], bool]) -> Answer:
    """Answer with a table; a file that is opened meanwhile is then on a full disk."""
    before = open_files().items()

    def make_full() -> bool:
        new = [n for n, name in open_files().items() - before if is_meant(name)]
        for number in new:
            with Path("/dev/full").open("wb", buffering=0) as full:
                os.dup2(full.fileno(), number)
        return bool(new)

    def answer(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nn,m\n")
        for _number in range(200):
            peer.send(BLOCK)
            if make_full():
                break
            peer.stopping.wait(0.02)  # else all may be read before a file is open
        for _number in range(60):
            peer.send(BLOCK)

    return answer


def in_the_store(name: str) -> bool:
    return name.startswith(f"{settings.STORE_URL}/tmp/")


def has_no_name(name: str) -> bool:
    return name.startswith(tempfile.gettempdir()) and name.endswith(" (deleted)")


@pytest.mark.parametrize("file_type", ["csv", "json", "xlsx", "parquet", "zip"])
def test_a_full_store_fails_the_task_and_leaves_nothing(
    sources: Sources, file_type: str
) -> None:
    url = sources.act("/a.csv", full_on_the_way(in_the_store))

    job = failed(url, file_type=file_type)

    assert job.error_code == "disk_full"
    assert job.error == "There is no space left on the service's disk."
    body, _ = exported(sources.put("/b.csv", b"n\n1\n"))
    assert body == b"n\n1\n"


def test_no_room_to_sort_fails_the_task_and_leaves_nothing(sources: Sources) -> None:
    url = sources.act("/a.csv", full_on_the_way(has_no_name))

    job = failed(url, sort=["-m"])

    assert job.error_code == "disk_full"
