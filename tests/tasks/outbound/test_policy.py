"""What operators write in the settings."""

from ipaddress import ip_network

import pytest

from tasks.outbound import Blocked, Policy, parse_policy, stream
from tests.tasks.outbound.conftest import Names
from tests.tasks.outbound.servers import Server


def test_nothing_written_denies_by_default() -> None:
    policy = parse_policy()

    assert policy == Policy()
    assert policy.allow_nets == ()
    assert policy.ports == frozenset({80, 443})


def test_networks_are_read_with_and_without_a_port() -> None:
    policy = parse_policy(
        allow_nets="10.1.2.0/24, 127.0.0.0/8:8443,[::1]/128:80,[fd00::]/8,"
        "fd01::/16,fd02::/16:81,10.9.9.9,10.9.9.8:82,[fd03::1]:83,fd04::1"
    )

    assert policy.allow_nets == (
        (ip_network("10.1.2.0/24"), None),
        (ip_network("127.0.0.0/8"), 8443),
        (ip_network("::1/128"), 80),
        (ip_network("fd00::/8"), None),
        (ip_network("fd01::/16"), None),
        (ip_network("fd02::/16"), 81),
        (ip_network("10.9.9.9/32"), None),
        (ip_network("10.9.9.8/32"), 82),
        (ip_network("fd03::1/128"), 83),
        (ip_network("fd04::1/128"), None),
    )


def test_hosts_are_read_in_lower_case() -> None:
    policy = parse_policy(
        allow_hosts="Data.Example.org,*.example.net, 0:0::1,", deny_hosts="bad.test."
    )

    assert policy.allow_hosts == {"data.example.org", "*.example.net", "::1"}
    assert policy.deny_hosts == {"bad.test"}


@pytest.mark.parametrize(
    ("text", "ports"), [("80", {80}), ("80, 8443", {80, 8443}), ("any", None)]
)
def test_ports_are_a_list_or_any(text: str, ports: set[int] | None) -> None:
    assert parse_policy(ports=text).ports == ports


@pytest.mark.parametrize(
    ("setting", "text", "sentence"),
    [
        ("allow_nets", "10.1.2.3/24", "10.1.2.3/24.* has host bits set"),
        ("allow_nets", "example.org", "'example.org' is not a network: write"),
        ("allow_nets", "10.0.0.0/33", "is not a network"),
        ("allow_nets", "300.0.0.0/8", "is not a network"),
        ("allow_nets", "10.0.0.0/8:0", "'0' is not a port"),
        ("allow_nets", "10.0.0.0/8:70000", "'70000' is not a port"),
        ("allow_nets", "[10.0.0.0/8", "is not a network"),
        ("allow_hosts", "https://example.org", "is not a host: write"),
        ("allow_hosts", "*", "is not a host"),
        ("deny_hosts", "a.*.test", "is not a host"),
        ("deny_hosts", "::1::", "'::1::' does not appear to be an IPv4 or IPv6"),
        ("ports", "", "No port is listed"),
        ("ports", "http", "'http' is not a port"),
        ("ports", "-1", "'-1' is not a port"),
    ],
)
def test_what_cannot_be_read_is_named(setting: str, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_policy(**{setting: text})


def code_of_refusal(url: str, policy: Policy) -> str:
    with pytest.raises(Blocked) as caught, stream("GET", url, policy=policy):
        pytest.fail("the request was let through")
    return caught.value.code


def body_of(url: str, policy: Policy) -> bytes:
    with stream("GET", url, policy=policy) as reply:
        return reply.read(1000)


def test_a_network_with_a_port_is_open_on_that_port_alone(server: Server) -> None:
    here = parse_policy(allow_nets=f"127.0.0.0/8:{server.port}")
    elsewhere = parse_policy(allow_nets="127.0.0.0/8:1", ports="any")

    assert body_of(server.origin, here) == b"hello"
    assert code_of_refusal(server.origin, elsewhere) == "address"


def test_a_network_without_a_port_is_open_on_the_ordinary_ports(
    server: Server,
) -> None:
    ordinary = parse_policy(allow_nets="127.0.0.0/8", ports=str(server.port))
    unusual = parse_policy(allow_nets="127.0.0.0/8")

    assert body_of(server.origin, ordinary) == b"hello"
    assert code_of_refusal(server.origin, unusual) == "port"


def test_the_port_of_a_network_opens_no_public_address(names: Names) -> None:
    names.put("public.test", ["93.184.216.34"])
    policy = parse_policy(allow_nets="10.0.0.0/8:6379")

    assert code_of_refusal("http://public.test:6379/", policy) == "address"


@pytest.mark.parametrize(
    ("nets", "url"),
    [
        ("0.0.0.0/0", "http://169.254.169.254/"),
        ("100.64.0.0/10", "http://100.100.100.200/"),
        ("192.0.0.0/24", "http://192.0.0.192/"),
        ("168.63.0.0/16", "http://168.63.129.16/"),
        ("::/0,0.0.0.0/0", "http://[fd00:ec2::254]/"),
        ("127.0.0.0/8", "http://[::ffff:127.0.0.1]/"),
    ],
)
def test_a_wide_network_does_not_open_metadata_in_passing(nets: str, url: str) -> None:
    policy = parse_policy(allow_nets=nets, ports="any")

    assert code_of_refusal(url, policy) == "address"


@pytest.mark.parametrize(
    ("allow", "deny", "passes"),
    [
        ("data.test", "", True),
        ("*.data.test", "", False),
        ("*.test", "", True),
        ("other.test", "", False),
        ("data.test", "data.test", False),
        ("", "data.test", False),
        ("", "*.test", False),
        ("", "*.data.test", True),
        ("ata.test", "ata.test", False),
    ],
)
def test_hosts_are_allowed_and_denied_by_name(
    allow: str, deny: str, passes: bool, server: Server, names: Names
) -> None:
    names.put("data.test", ["127.0.0.1"])
    policy = parse_policy(
        allow_nets=f"127.0.0.0/8:{server.port}", allow_hosts=allow, deny_hosts=deny
    )
    url = f"http://Data.Test.:{server.port}/"

    if passes:
        assert body_of(url, policy) == b"hello"
    else:
        assert code_of_refusal(url, policy) == "host"
        assert names.asked == []
    assert server.hits == int(passes)
