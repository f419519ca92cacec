"""Addresses that try to lead inside; no connection may even be tried."""

import pytest

from tasks.outbound import (
    BadUrl,
    Blocked,
    OutboundError,
    Policy,
    Unreachable,
    parse_policy,
    stream,
)
from tests.support.hostile_urls import INSIDE, LOOPBACK, MALFORMED, NAMES, SCHEMES
from tests.tasks.outbound.conftest import PUBLIC, Names
from tests.tasks.outbound.servers import Server

ANY_PORT = Policy(ports=None, total_timeout_s=5.0)
PORTS = [22, 25, 53, 81, 111, 6379, 8080, 11211, 5432, 65535]


@pytest.fixture(autouse=True)
def hostile_names(names: Names) -> None:
    for name, answers in NAMES.items():
        names.put(name, *answers)


def refusal_of(url: str, policy: Policy) -> OutboundError:
    with pytest.raises((Blocked, BadUrl)) as caught, stream("GET", url, policy=policy):
        pytest.fail("the request was let through")
    return caught.value


@pytest.mark.parametrize("url", LOOPBACK)
def test_no_spelling_of_loopback_reaches_the_canary(
    url: str, canary: Server, attempts: list[tuple[str, int]]
) -> None:
    refusal = refusal_of(url.format(p=canary.port), ANY_PORT)

    assert not refusal.temporary
    assert attempts == []
    assert canary.hits == 0


@pytest.mark.parametrize("url", INSIDE + SCHEMES + MALFORMED)
def test_what_is_not_a_public_web_address_is_refused(
    url: str, attempts: list[tuple[str, int]]
) -> None:
    refusal_of(url, ANY_PORT)

    assert attempts == []


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("host", [PUBLIC, "public.test"])
def test_ports_other_than_the_webs_are_refused_before_any_look_up(
    host: str, port: int, names: Names, attempts: list[tuple[str, int]]
) -> None:
    refusal = refusal_of(f"http://{host}:{port}/", Policy())

    assert refusal.code == "port"
    assert names.asked == []
    assert attempts == []


def test_the_canary_does_count_what_the_policy_allows(canary: Server) -> None:
    with stream("GET", f"{canary.origin}/", policy=canary.policy()) as reply:
        assert reply.read(100) == b"hello"

    assert canary.hits == 1


def test_a_name_is_looked_up_once_and_the_vetted_answer_is_used(
    names: Names, canary: Server, attempts: list[tuple[str, int]]
) -> None:
    names.put("rebind.test", ["127.0.0.2"], ["127.0.0.1"])
    with Server("127.0.0.2", canary.port) as allowed:
        only = parse_policy(allow_nets=f"127.0.0.2/32:{canary.port}")

        with stream("GET", f"http://rebind.test:{canary.port}/", policy=only) as reply:
            assert reply.read(100) == b"hello"

    assert allowed.hits == 1
    assert names.asked == ["rebind.test"]
    assert attempts == [("127.0.0.2", canary.port)]
    assert canary.hits == 0


def test_a_name_that_changes_its_answer_is_refused_at_the_next_hop(
    names: Names, canary: Server
) -> None:
    names.put("rebind.test", ["127.0.0.2"], ["127.0.0.1"])
    with Server("127.0.0.2", canary.port) as allowed:
        again = f"http://rebind.test:{canary.port}/again"
        allowed.says(b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")
        only = parse_policy(allow_nets=f"127.0.0.2/32:{canary.port}")

        refusal = refusal_of(again, only)

    assert refusal.code == "address"
    assert allowed.hits == 1
    assert canary.hits == 0


def test_the_address_behind_a_refused_name_is_not_told() -> None:
    refusal = refusal_of("http://ten.test/", ANY_PORT)

    assert "ten.test" in str(refusal)
    assert "10.0.0.1" not in str(refusal)


def test_a_name_without_an_address_is_unreachable_for_good() -> None:
    with (
        pytest.raises(
            Unreachable, match=r"nowhere\.test/ is on a host that has no"
        ) as e,
        stream("GET", "http://nowhere.test/", policy=ANY_PORT),
    ):
        pass

    assert (e.value.code, e.value.temporary) == ("dns", False)
