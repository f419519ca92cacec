"""One delivery of a client at a time and in order; clients do not wait for others."""

import threading

import pytest

from tasks.engine import shift
from tasks.engine.run import Run
from tests.support.delivering import a_delivery, after, fresh, is_answered, told
from tests.support.jobs import claimed
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, Connection, Request, ok

pytestmark = pytest.mark.django_db(transaction=True)


class Crowd:
    """Answers slowly, or once so many ask; counts how many requests it has at once."""

    def __init__(self, *, pause_s: float, until: int = 0) -> None:
        self.pause_s = pause_s
        self.until = until
        self.now = self.most = 0
        self._lock = threading.Lock()
        self._all_there = threading.Event()

    def answer(self, peer: Connection, request: Request) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == self.until:
                self._all_there.set()
        self._all_there.wait(self.pause_s)
        with self._lock:
            self.now -= 1
        peer.send(ok(request.body))


def test_deliveries_of_a_client_are_made_one_by_one_and_in_order(
    sources: Sources,
) -> None:
    crowd = Crowd(pause_s=0.05)
    url = sources.act("/slow", crowd.answer)
    made = [a_delivery(url, data=f'{{"n":{n}}}') for n in range(6)]

    shift.answer()

    assert [one.body for one in sources.seen["/slow"]] == [
        b'{"n":%d}' % n for n in range(6)
    ]
    assert crowd.most == 1
    assert [told(fresh(one)) for one in made] == [
        ("200 OK", f'{{"n":{n}}}') for n in range(6)
    ]


def test_deliveries_of_many_clients_are_made_together_by_one_worker(
    sources: Sources,
) -> None:
    crowd = Crowd(pause_s=20.0, until=20)
    url = sources.act("/slow", crowd.answer)
    made = [a_delivery(url, client=f"client-{n}") for n in range(20)]

    shift.answer()

    assert all(is_answered(one) for one in made)
    assert crowd.most == 20


def test_a_slow_destination_holds_up_its_own_client_only(sources: Sources) -> None:
    order: list[str] = []

    def said(name: str, answer: Answer | None = None) -> Answer:
        def wrapped(peer: Connection, request: Request) -> None:
            if answer:
                answer(peer, request)
            order.append(name)
            peer.send(ok())

        return wrapped

    slow = sources.act("/slow", said("slow", lambda peer, _: _wait(peer, 1.5)))
    quick = sources.act("/quick", said("quick"))
    a_delivery(slow, client="slow")
    a_delivery(quick, client="slow")
    for _ in range(10):
        a_delivery(quick, client="other")

    shift.answer()

    assert order == ["quick"] * 10 + ["slow", "quick"]


def _wait(peer: Connection, seconds: float) -> None:
    peer.stopping.wait(seconds)


def test_a_delivery_that_fails_does_not_hold_up_the_next(sources: Sources) -> None:
    broken, whole = sources.act("/broken", b""), sources.act("/whole", ok())
    made = [a_delivery(url) for url in (broken, whole, broken, whole)]

    shift.answer()

    assert [fresh(one).answer_text for one in made] == [
        "502 Bad Gateway",
        "200 OK",
        "502 Bad Gateway",
        "200 OK",
    ]


def test_while_it_waits_a_delivery_writes_nothing(sources: Sources) -> None:
    delivery = a_delivery(sources.act("/slow", after(1.2, ok())))
    run = Run(claimed(delivery.job))
    run.advance(until=0)
    rev = fresh(delivery).job.rev

    seen = {rev}
    while not run.advance(until=0):
        seen.add(fresh(delivery).job.rev)
    run.end()

    assert seen == {rev}
    assert is_answered(delivery)
