"""The processors by name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.processors import NoSuchProcessor, find, known_names, registry

PLUGIN = """
class Counting:
    name = "counting"
    result_type = "JSON"

    def run(self, job):
        yield job.run.step(done=1)


class Broken:
    def __init__(self):
        raise RuntimeError("does not start")


class Odd:
    result_type = "PICTURE"

    def run(self, job):
        yield


one = Counting()
"""
POINTS = """[entrepot.processors]
counting = entrepot_counting:Counting
ready = entrepot_counting:one
archive = entrepot_counting:Counting
broken = entrepot_counting:Broken
odd = entrepot_counting:Odd
gone = entrepot_gone:Gone
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package on the path that announces processors, as pip would install it."""
    (tmp_path / "entrepot_counting.py").write_text(PLUGIN)
    about = tmp_path / "entrepot_counting-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: entrepot-counting\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    registry._all.cache_clear()
    yield
    registry._all.cache_clear()
    sys.modules.pop("entrepot_counting", None)


def test_ours_are_found_by_name() -> None:
    assert known_names() == ["archive", "catalogue", "gallery"]
    assert [find(name).result_type for name in known_names()] == [
        "STREAM",
        "JSON",
        "WEBSITE",
    ]


@pytest.mark.parametrize("name", ["", "Archive", "zip", "__class__", "x" * 100_000])
def test_an_unknown_name_is_told_with_those_that_are_known(name: str) -> None:
    with pytest.raises(NoSuchProcessor) as caught:
        find(name)

    assert str(caught.value).endswith("there are: archive, catalogue, gallery.")
    assert len(str(caught.value)) < 250


@pytest.mark.usefixtures("installed")
def test_an_installed_package_can_add_processors() -> None:
    assert find("counting").result_type == "JSON"
    assert find("ready").name == "counting"


@pytest.mark.usefixtures("installed")
def test_none_replaces_one_of_ours() -> None:
    assert find("archive").result_type == "STREAM"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["broken", "gone", "odd"])
def test_one_that_cannot_be_loaded_is_logged_and_left_out(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NoSuchProcessor):
        find(name)

    assert "processor not loaded" in caplog.messages
