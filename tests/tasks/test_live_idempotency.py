"""A process that dies while it answers a request with a key leaves nothing behind."""

import subprocess
import sys

import pytest

from tasks.idempotency import Answer, once, read
from tasks.models import Job, KeptReply
from tests.support.live import Live
from tests.support.web import ROOT

pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True),
]
DIES = """
import os, signal, django
django.setup()
from tasks import services
from tasks.idempotency import once, read
from tasks.models import Client

def act():
    client, _ = Client.objects.get_or_create(name="alice")
    services.enqueue("test.steps", client=client, params={}, lane="lane")
    print("made", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

once(read("k1", scope="a", route="POST /x", body=b""), act)
"""


def test_the_same_request_makes_the_work_that_was_lost(live: Live) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIES],
        cwd=ROOT,
        env=live._env(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (died.returncode, died.stdout) == (-9, b"made\n"), died.stderr
    assert not Job.objects.exists()
    assert not KeptReply.objects.exists()

    def act() -> Answer:
        return Answer(200, str(live.enqueue("test.steps", steps=1).pk).encode())

    asked = read("k1", scope="a", route="POST /x", body=b"")
    first, again = once(asked, act), once(asked, act)

    assert (first.replayed, again.replayed) == (False, True)
    assert first.body == again.body == str(Job.objects.get().pk).encode()
