"""Marks that say on which backends a live test runs, and when."""

import pytest

from tests.support.backends import BACKENDS

_later = [pytest.param(name, marks=pytest.mark.faults) for name in BACKENDS[1:]]

# On all backends, in every run of the tests.
everywhere = pytest.mark.parametrize("backend", BACKENDS, indirect=True)
# On SQLite in every run, on the others with `-m faults`.
everywhere_at_length = pytest.mark.parametrize(
    "backend", [BACKENDS[0], *_later], indirect=True
)
