"""Real workers, killed while they deliver: every call is accounted for."""

import json
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path

import pytest

from exports.models import Delivery
from tasks.models import Job
from tasks.states import FINAL
from tests.support.backends import BACKENDS
from tests.support.crash import DONE
from tests.support.delivering import a_delivery
from tests.support.live import Live
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.work import Work
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.live

UNKNOWN = (
    "The request was interrupted while it was being sent. Whether it has arrived is"
    " unknown, and it was not sent again."
)


class Box:
    """A destination that needs a moment, and echoes what it was sent."""

    def __init__(self, sources: Sources, *, pause_s: float = 0.03) -> None:
        self.pause_s = pause_s
        self.url = sources.act("/box", self._answer)
        self.calls: defaultdict[str, list[int]] = defaultdict(list)

    def _answer(self, peer: Connection, request: Request) -> None:
        said = json.loads(request.body)
        self.calls[said["client"]].append(said["n"])
        peer.stopping.wait(self.pause_s)
        peer.send(ok(request.body))


@pytest.fixture
def live(live: Live) -> Live:
    """A service that may post to this machine."""
    live.environment |= {"OUTBOUND_ALLOW_NETS": "127.0.0.0/8", "OUTBOUND_PORTS": "any"}
    live.environment.pop("LIVE_KINDS", None)
    return live


def handed_over(box: Box, count: int, *, clients: int) -> list[Delivery]:
    names = islice(cycle(f"client-{n}" for n in range(clients)), count)
    return [
        a_delivery(box.url, data=json.dumps({"client": name, "n": n}), client=name)
        for n, name in enumerate(names)
    ]


def answered(count: int, *, within_s: float = 30.0) -> None:
    def look() -> bool:
        return Delivery.objects.exclude(answered_at=None).count() >= count

    until(look, within_s=within_s, what=f"{count} deliveries are answered")


def accounted_for(box: Box, made: list[Delivery]) -> int:
    """Check each delivery against the calls; return how many outcomes are unknown."""
    unknown = 0
    rows = {one.pk: one for one in Delivery.objects.all()}
    for delivery in (rows[one.pk] for one in made):
        said = json.loads(delivery.data)
        calls = box.calls[said["client"]].count(said["n"])
        told = (delivery.answer_text, delivery.answer_body)
        if told == ("502 Bad Gateway", UNKNOWN):
            assert calls <= 1
            unknown += 1
        else:
            assert told == ("200 OK", delivery.data)
            assert calls == 1
    assert [calls for calls in box.calls.values() if calls != sorted(calls)] == []
    until(all_ended, within_s=5, what="all jobs have ended")
    return unknown


def all_ended() -> bool:
    return not Job.objects.exclude(state__in=FINAL).exists()


def test_a_worker_killed_while_it_delivers_sends_nothing_twice(
    live: Live, sources: Sources
) -> None:
    box = Box(sources)
    made = handed_over(box, 40, clients=4)
    work = live.start(workers=2)

    answered(10)
    work.workers[0].kill()
    answered(40)

    assert accounted_for(box, made) <= 4


@pytest.mark.faults
@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_of_200_deliveries_none_is_lost_or_sent_twice_whatever_is_killed(
    live: Live, sources: Sources
) -> None:
    box = Box(sources)
    made = handed_over(box, 200, clients=10)
    work = live.start(workers=2)

    for kills, count in enumerate((20, 50, 80, 110, 140)):
        answered(count)
        kill(work, kills)
    answered(165)
    work.kill()  # the supervisor, and all below it
    live.start(workers=2)
    answered(200)

    unknown = accounted_for(box, made)
    print(f"unknown: {unknown} of 200 after 6 kills")
    assert unknown <= 6 * 10


def kill(work: Work, number: int) -> None:
    """Kill a worker, the first and the second in turn, once they are there."""
    work.wait_until_complete()
    work.workers[number % 2].kill()


@pytest.mark.faults
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_beside_any_commit_leaves_a_true_answer(
    when: str, live: Live, sources: Sources, tmp_path: Path
) -> None:
    plan = tmp_path / "plan"
    live.environment["CRASH_PLAN"] = str(plan)
    box = Box(sources)
    live.start(workers=1)
    outcomes: set[tuple[str, int]] = set()

    for at in range(1, 4):  # its claim, that it begins, its success
        plan.write_text(f"{at} {when}")
        (delivery,) = handed_over(box, 1, clients=1)
        answered(at)
        # The answer is there as soon as it is committed, and the crash comes after.
        until(lambda: plan.read_text() == DONE, within_s=10, what=f"crash {at}")
        unknown, calls = accounted_for(box, [delivery]), box.calls.pop("client-0", [])
        outcomes.add(("unknown" if unknown else "known", len(calls)))

    # What the database does not know to have begun is sent, all else is not.
    lost = ("unknown", 1) if when == "before" else ("unknown", 0)
    assert outcomes == {("known", 1), lost}


def test_one_that_stops_in_order_leaves_no_outcome_unknown(
    live: Live, sources: Sources
) -> None:
    box = Box(sources, pause_s=1.0)
    made = handed_over(box, 8, clients=4)
    work = live.start(workers=1)
    until(lambda: len(box.calls) == 4, within_s=10, what="four were called")

    work.terminate()
    work.wait()
    live.start(workers=1)
    answered(8)

    assert accounted_for(box, made) == 0
