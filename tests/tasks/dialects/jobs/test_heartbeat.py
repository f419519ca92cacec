"""A stream of events on which nothing happens still says that it lives."""

import pytest

from tasks.dialects.jobs import doors
from tasks.engine.hub import Hub
from tasks.models import Job
from tests.support.hubs import elsewhere, within_hub
from tests.support.jobs import put
from tests.support.jobsapi import a_job_of_nobody, say
from tests.support.live import Live

pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True),
]


def parts(job: Job, count: int, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    monkeypatch.setattr(doors, "HEARTBEAT_S", 0.3)

    async def read(hub: Hub) -> list[bytes]:
        monkeypatch.setattr(doors, "hub", hub)
        stream = doors._stream(job, 0)
        assert await anext(stream) == b""
        found = [await anext(stream) for _ in range(count)]
        assert hub.waits == 1
        await elsewhere(lambda: say(job, "at last"))
        found.append(await anext(stream))
        await stream.aclose()
        assert hub.waits == 0
        return found

    return within_hub(read)


def test_a_comment_comes_when_nothing_else_does(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job_of_nobody()

    found = parts(job, 2, monkeypatch)

    assert found[:2] == [b": still here\n\n"] * 2
    assert b"event: note\ndata: {" in found[2]


def test_an_event_that_changed_no_rev_comes_with_the_next_heartbeat(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job_of_nobody()
    say(job, "first")
    put(job, rev=1000)

    found = parts(Job.objects.get(pk=job.pk), 2, monkeypatch)

    assert b'"text":"first"' in found[0]
    assert found[1] == b": still here\n\n"
    assert b'"text":"at last"' in found[2]
