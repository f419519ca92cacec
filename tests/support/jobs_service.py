"""A live service whose jobs API is asked over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.support.waiting import waiting_service
from tests.support.web import Web


@contextmanager
def jobs_service(backend: str, folder: Path, **environment: str) -> Iterator[Web]:
    environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.support.live_settings",
        "LIVE_KINDS": "test",
    }
    with waiting_service(backend, folder, **environment) as running:
        yield running


def get(
    service: Web, path: str, key: str, *, timeout_s: float = 20.0, **headers: str
) -> requests.Response:
    """Ask; `_` in a header's name stands for `-`."""
    return _get(service, path, key, headers, timeout=timeout_s)


def stream(
    service: Web, path: str, key: str, *, timeout_s: float = 20.0, **headers: str
) -> requests.Response:
    """Ask for events as they come; `timeout_s` is between two of them."""
    named = {"Accept": "text/event-stream", **headers}
    return _get(service, path, key, named, timeout=timeout_s, stream=True)


def _get(
    service: Web, path: str, key: str, headers: dict[str, str], **how: Any
) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Authorization"] = f"Bearer {key}"
    return requests.get(f"{service.address}{path}", headers=named, **how)
