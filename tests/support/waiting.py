"""A live service with the tests' own waiting doors, and clients of its WebSockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.sync.client import ClientConnection, connect

from tasks import services
from tasks.models import Client, Job
from tests.support.backends import bound_to, own_database
from tests.support.web import Web, up


@contextmanager
def waiting_service(backend: str, folder: Path, **environment: str) -> Iterator[Web]:
    """Run `manage.py up` on a database that this process' ORM is bound to, too."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.support.waiting_settings",
        "SECRET_KEY": settings.SECRET_KEY,  # what rings its bell is signed
        **environment,
    }
    with (
        own_database(backend, folder) as url,
        bound_to(url),
        up(folder, web=1, DATABASE_URL=url, **environment) as service,
    ):
        yield service


def a_job(**params: Any) -> Job:
    """Save a job of `steps`, each of `pause_s`; workers begin it at once."""
    client, _ = Client.objects.get_or_create(name="alice")
    return services.enqueue("test.steps", client=client, params=params, lane="lane")


@contextmanager
def open_socket(service: Web, path: str, **options: Any) -> Iterator[ClientConnection]:
    url = f"ws://127.0.0.1:{service.port}{path}"
    with connect(url, proxy=None, open_timeout=10, **options) as client:
        yield client


def refusal(service: Web, path: str, **options: Any) -> Response:
    """Return the HTTP reply to a handshake that is refused."""
    with (
        pytest.raises(InvalidStatus) as refused,
        open_socket(service, path, **options),
    ):
        pass
    return refused.value.response


def follow_path(job_id: UUID) -> str:
    return f"/test/follow/{job_id}"
