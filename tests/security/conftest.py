"""What all parts of the suite have: a tally each, and as much input as is asked for."""

import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.security.house import House, a_house
from tests.security.tally import Tally

# pytest-randomly's, so that a sample can be tried again: it is the same in all workers.
SEED = "randomly_seed"
Some = Callable[[Sequence[Any], int], list[Any]]


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Without `--whole`, keep so many cases of a test as its mark `sampled` says.

    What is marked `whole` is left out.
    """
    if config.getoption("--whole"):
        return
    left_out = {item for item in items if item.get_closest_marker("whole")}
    cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sampled"):
            cases[item.nodeid.partition("[")[0]].append(item)
    chance = random.Random(config.getoption(SEED))
    for _, found in sorted(cases.items()):
        left_out.update(_all_but(found, chance))
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _all_but(cases: list[pytest.Item], chance: random.Random) -> list[pytest.Item]:
    mark = cases[0].get_closest_marker("sampled")
    assert mark
    by_name = sorted(cases, key=lambda item: item.nodeid)
    return chance.sample(by_name, max(0, len(cases) - mark.args[0]))


@pytest.fixture
def tally_of() -> Iterator[Callable[[str], Tally]]:
    """Make tallies; each is kept, and none may end with anything wrong."""
    made: list[Tally] = []

    def of(what: str) -> Tally:
        made.append(Tally(what))
        return made[-1]

    yield of
    for one in made:
        one.keep()


@pytest.fixture
def some(request: pytest.FixtureRequest) -> Some:
    """Choose so many of the inputs at random; with `--whole` all, or a portion."""
    portion: int = request.config.getoption("--portion")

    def choose(inputs: Sequence[Any], count: int) -> list[Any]:
        if request.config.getoption("--whole"):
            return list(inputs)[random.randrange(portion) :: portion]
        return random.sample(list(inputs), min(count, len(inputs)))

    return choose


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
    _templates: None,
) -> Iterator[House]:
    """A live service, and people who each own one of everything."""
    backend = os.environ.get("SECURITY_BACKEND", "sqlite")
    folder = tmp_path_factory.mktemp("house")
    with django_db_blocker.unblock(), a_house(backend, folder) as running:
        yield running
