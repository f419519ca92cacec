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
from tests.tasks.outbound.conftest import PUBLIC, Names
from tests.tasks.outbound.servers import Server

ANY_PORT = Policy(ports=None, total_timeout_s=5.0)


def words(text: str) -> list[str]:
    return text.split()


# {p} is the canary's port.
LOOPBACK = words("""
http://127.0.0.1:{p}/ http://127.1:{p}/ http://127.0.1:{p}/ http://0:{p}/
http://0.0.0.0:{p}/ http://2130706433:{p}/ http://017700000001:{p}/
http://0x7f000001:{p}/ http://0x7f.1:{p}/ http://0x7f.0x0.0x0.0x1:{p}/
http://0177.0.0.1:{p}/ http://127.0.0.0x1:{p}/ http://127.000.000.001:{p}/
http://127.0.0.1.:{p}/ http://127.0.0.1..:{p}/ http://127.0.0.01:{p}/
http://00000177.0.0.1:{p}/ http://4294967297:{p}/ http://127.0.0.257:{p}/
http://localhost:{p}/ http://LOCALHOST:{p}/ http://localhost.:{p}/
https://127.0.0.1:{p}/ HTTP://127.0.0.1:{p}/ http://127.0.0.2:{p}/
http://127.255.255.254:{p}/ http://[::1]:{p}/ http://[0:0:0:0:0:0:0:1]:{p}/
http://[0000::0001]:{p}/ http://[::]:{p}/ http://[::ffff:127.0.0.1]:{p}/
http://[::ffff:7f00:1]:{p}/ http://[::FFFF:127.0.0.1]:{p}/ http://[::127.0.0.1]:{p}/
http://[::7f00:1]:{p}/ http://[::ffff:0:127.0.0.1]:{p}/ http://[::1%25lo]:{p}/
http://[::1%lo]:{p}/ http://[::1]x:{p}/ http://x[::1]:{p}/ http://[127.0.0.1]:{p}/
http://[64:ff9b::7f00:1]:{p}/ http://[2002:7f00:1::]:{p}/
http://①②⑦.⓪.⓪.①:{p}/ http://127。0。0。1:{p}/ http://ⓛocalhost:{p}/
http://user:pw@127.0.0.1:{p}/ http://user@127.0.0.1:{p}/ http://@127.0.0.1:{p}/
http://example.com@127.0.0.1:{p}/ http://example.com%40127.0.0.1:{p}/
http://127.0.0.1:{p}\\@example.com/ http://example.com\\@127.0.0.1:{p}/
http://\\127.0.0.1:{p}/ http://127.0.0.1:{p}#@example.com/
http://127.0.0.1:{p}?@example.com/ http://127.0.0.1%00.example.com:{p}/
http://127.0.0.1%2eexample.com:{p}/ http://%31%32%37.0.0.1:{p}/
http://127.0.0.1,example.com:{p}/ http://127.0.0.1;example.com:{p}/
http://127.0.0.1:{p}:80/ http://127.0.0.1:+{p}/ http://127.0.0.1:{p}x/
http:///127.0.0.1:{p}/ http:/127.0.0.1:{p}/ http:127.0.0.1:{p}/ //127.0.0.1:{p}/
127.0.0.1:{p} http:////127.0.0.1:{p}/ http://-127.0.0.1:{p}/ http://.127.0.0.1:{p}/
http://loop.test:{p}/ http://loop6.test:{p}/ http://mapped.test:{p}/
http://mixed.test:{p}/ http://mixed-last.test:{p}/ http://mixed6.test:{p}/
http://zero.test:{p}/ http://scoped.test:{p}/ http://turns.test:{p}/
""")
INSIDE = words("""
http://169.254.169.254/latest/meta-data/ http://metadata.google.internal/
http://[fd00:ec2::254]/ http://[fd20:ce::254]/ http://[::ffff:169.254.169.254]/
http://[::ffff:a9fe:a9fe]/ http://[::a9fe:a9fe]/ http://2852039166/
http://0xA9FEA9FE/ http://0251.0376.0251.0376/ http://169.254.43518/
http://169.254.169.254.:80/ http://[64:ff9b::a9fe:a9fe]/
http://[64:ff9b::169.254.169.254]/ http://[64:ff9b:1::a9fe:a9fe]/
http://[2002:a9fe:a9fe::]/ http://[2001:0:a9fe:a9fe::1]/
http://[2001:0:4136:e378:8000:63bf:5601:5601]/ http://100.100.100.200/
http://168.63.129.16/ http://192.0.0.192/ http://169.254.170.2/ http://10.0.0.1/
http://172.16.0.1/ http://172.31.255.255/ http://192.168.1.1/ http://100.64.0.1/
http://198.18.0.1/ http://192.0.2.1/ http://198.51.100.1/ http://203.0.113.1/
http://240.0.0.1/ http://255.255.255.255/ http://224.0.0.1/ http://239.1.1.1/
http://192.88.99.1/ http://192.31.196.1/ http://192.52.193.1/ http://192.175.48.1/
http://[fe80::1]/ http://[fc00::1]/ http://[fdff::1]/ http://[fec0::1]/
http://[ff02::1]/ http://[ff0e::1]/ http://[100::1]/ http://[2001:db8::1]/
http://[2001:2::1]/ http://[2001:10::1]/ http://[2001:20::1]/ http://[5f00::1]/
http://[3fff::1]/ http://[::ffff:0:7f00:1]/ http://[4000::1]/ http://[2620:4f:8000::1]/
http://ten.test/ http://metadata.test/ http://nat64.test/ http://azure.test/
""")
SCHEMES = words("""
file:///etc/passwd file://localhost/etc/passwd ftp://93.184.216.34/
gopher://127.0.0.1:6379/_INFO dict://127.0.0.1:11211/stats ldap://127.0.0.1/
unix:///var/run/docker.sock http+unix://%2Fvar%2Frun%2Fdocker.sock/ data:text/plain,x
jar:http://127.0.0.1!/ javascript:alert(1) ws://127.0.0.1/ sftp://127.0.0.1/
httpx://93.184.216.34/ view-source:http://127.0.0.1/ tftp://127.0.0.1/
""")
MALFORMED = [
    "",
    "http://",
    "http://?",
    "http://#",
    "http://:80/",
    "http://[",
    "http://[::1",
    "http://[]/",
    "http://[:::]/",
    "http://[v1.x]/",
    "http://-x.test/",
    "http://x-.test/",
    "http://.test/",
    "http://a..b/",
    "http://" + "a" * 64 + ".test/",
    "http://" + "a." * 130 + "test/",
    "http://93.184.216.34/" + "a" * 8000,
    "http://93.184.216.34/\r\nX-Injected: y",
    "http://93.184.216.34\r\n.example.com/",
    "http://93.184.216.34/ HTTP/1.1",
    "http://93.184.216.34/\x00",
    "http://93.184.216.34/\x7f",
    "http://93.184.216.34/\x85",
    "http://93.184.216.34/\ud800",
    "ht\ttp://93.184.216.34/",
    " http://93.184.216.34/",
    "\x01http://93.184.216.34/",
    "http://93.184.216.34:0/",
    "http://93.184.216.34:65536/",
    "http://93.184.216.34:99999999/",
    "http://93.184.216.34:-1/",
    "http://93.184.216.34:８０/",  # noqa: RUF001 - digits that only look like 80
    "http://exämple.test/",
]
PORTS = [22, 25, 53, 81, 111, 6379, 8080, 11211, 5432, 65535]


@pytest.fixture(autouse=True)
def hostile_names(names: Names) -> None:
    names.put("localhost", ["::1", "127.0.0.1"])
    names.put("loop.test", ["127.0.0.1"])
    names.put("loop6.test", ["::1"])
    names.put("mapped.test", ["::ffff:127.0.0.1"])
    names.put("mixed.test", ["127.0.0.1", PUBLIC])
    names.put("mixed-last.test", [PUBLIC, PUBLIC, PUBLIC, PUBLIC, PUBLIC, "127.0.0.1"])
    names.put("mixed6.test", [PUBLIC, "::1"])
    names.put("zero.test", ["0.0.0.0"])
    names.put("scoped.test", ["2606:2800:220:1::1%lo"])
    names.put("turns.test", ["127.0.0.1"], [PUBLIC])
    names.put("metadata.google.internal", ["169.254.169.254"])
    names.put("metadata.test", ["169.254.169.254"])
    names.put("ten.test", [PUBLIC, "10.0.0.1"])
    names.put("nat64.test", ["64:ff9b::a9fe:a9fe"])
    names.put("azure.test", ["168.63.129.16"])


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
