"""A cluster for all tests here, and a closed world for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.support.clusters import DaskCluster
from tests.support.exporting import closed_world


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path_factory.mktemp("dask")) as running:
        yield running
        print(running.log[-4000:])


@pytest.fixture(autouse=True)
def _world(tmp_path: Path, cluster: DaskCluster, settings: Settings) -> Iterator[None]:
    with closed_world(tmp_path):
        settings.COMPUTE_URL = cluster.url
        yield
