"""Connections that go to vetted addresses only."""

import contextlib
import queue
import socket
import threading
import time

from tasks.outbound.addresses import vet_address
from tasks.outbound.deadline import Deadline
from tasks.outbound.errors import OutboundError, TimedOut, Unreachable
from tasks.outbound.failures import out_of_time
from tasks.outbound.policy import Policy
from tasks.outbound.urls import Ip, Target

_MOST_ADDRESSES = 4  # tried one after the other, within one budget


def connect(target: Target, policy: Policy, deadline: Deadline) -> socket.socket:
    """Look the host up once, vet every answer and connect to what was vetted.

    One forbidden answer refuses the host: which answer is used must not depend on
    their order. Raises Blocked, Unreachable or TimedOut.
    """
    budget_s = min(policy.connect_timeout_s, deadline.left_s)
    ends_at = time.monotonic() + budget_s
    answers = [str(target.ip)] if target.ip else _look_up(target, budget_s, deadline)
    vetted = [vet_address(answer, target, policy) for answer in answers]
    sock = _first_open(vetted[:_MOST_ADDRESSES], target, ends_at, deadline)
    sock.settimeout(policy.read_timeout_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    deadline.watch(sock)
    return sock


def _look_up(target: Target, budget_s: float, deadline: Deadline) -> list[str]:
    """Ask the resolver in a thread, because nothing can interrupt it.

    A thread that is left behind ends when the resolver's own time is up.
    """
    answers: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(
                target.host, target.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            answers.put(error)
        else:
            answers.put([str(address[0]) for *_, address in found])

    threading.Thread(target=ask, name="outbound-look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=budget_s)
    except queue.Empty:
        raise _too_slow(target, deadline) from None
    if isinstance(answer, list) and answer:
        return answer
    later = isinstance(answer, socket.gaierror) and answer.errno == socket.EAI_AGAIN
    raise Unreachable(
        f"{target.shown} is on a host that has no address.", code="dns", temporary=later
    )


def _first_open(
    addresses: list[Ip], target: Target, ends_at: float, deadline: Deadline
) -> socket.socket:
    for tried, ip in enumerate(addresses):
        # A silent first address must not use up the time of the others.
        share_s = (ends_at - time.monotonic()) / (len(addresses) - tried)
        if share_s <= 0:
            break
        with contextlib.suppress(OSError):
            return _open(ip, target.port, share_s)
    if time.monotonic() >= ends_at:
        raise _too_slow(target, deadline)
    raise Unreachable(f"{target.shown} could not be connected to.", code="connect")


def _open(ip: Ip, port: int, timeout_s: float) -> socket.socket:
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect((str(ip), port))
    except BaseException:
        sock.close()
        raise
    return sock


def _too_slow(target: Target, deadline: Deadline) -> OutboundError:
    if deadline.expired:
        return out_of_time(target.shown)
    return TimedOut(
        f"{target.shown} could not be connected to in time.", code="connect_timeout"
    )
