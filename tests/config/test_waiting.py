"""The table of waiting doors: what is found in it, and what must not be."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from config import settings as ours
from config import waiting
from tests.support import doors


@pytest.fixture(autouse=True)
def _table(settings: Settings) -> Iterator[Settings]:
    settings.WAITING_DOORS = [
        ("websocket", r"/ws/(?P<name>[^/]+)", "tests.support.doors.echo"),
        ("GET", r"/ws/(?P<name>[^/]+)", "tests.support.doors.body"),
    ]
    waiting.doors.cache_clear()
    yield settings
    waiting.doors.cache_clear()


def test_a_door_is_found_by_its_kind_and_its_path() -> None:
    socket, call = waiting.find("websocket", "/ws/one"), waiting.find("GET", "/ws/a b")

    assert socket == waiting.Found(doors.echo, {"name": "one"})
    assert call == waiting.Found(doors.body, {"name": "a b"})


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("websocket", "/ws/one/"),
        ("websocket", "/ws/one/two"),
        ("websocket", "/ws/"),
        ("websocket", "//ws/one"),
        ("websocket", "/WS/one"),
        ("POST", "/ws/one"),
        ("HEAD", "/ws/one"),
    ],
)
def test_no_other_path_or_method_finds_it(kind: str, path: str) -> None:
    assert waiting.find(kind, path) is None


def test_a_name_of_nothing_stops_the_start(settings: Settings) -> None:
    settings.WAITING_DOORS = [("GET", "/", "tests.support.doors.no_such_door")]

    with pytest.raises(ImportError, match="no_such_door"):
        waiting.doors()


def test_every_door_of_the_service_is_there(settings: Settings) -> None:
    settings.WAITING_DOORS = ours.WAITING_DOORS

    assert len(waiting.doors()) == len(ours.WAITING_DOORS)
