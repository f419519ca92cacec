"""Which addresses count as public, at the edges of every special range."""

from ipaddress import ip_address

import pytest

from tasks.outbound.addresses import is_public


@pytest.mark.parametrize(
    "text",
    [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:2800:220:1:248:1893:25c8:1946",
        "2a00:1450:4001::1",
        "2003::1",
    ],
)
def test_global_unicast_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.255.255.255",
        "10.255.255.255",
        "100.127.255.255",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.0.0",
        "172.31.255.255",
        "192.0.0.9",
        "192.0.0.255",
        "192.168.255.255",
        "198.19.255.255",
        "224.0.0.0",
        "239.255.255.255",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::8.8.8.8",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1:ffff::1",
        "100::",
        "1fff:ffff::1",
        "2001::1",
        "2001:1ff:ffff::1",
        "2001:db8:ffff::1",
        "2002:808:808::1",
        "3fff:fff::1",
        "4000::",
        "5f00::1",
        "fc00::1",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff0e::1",
    ],
)
def test_every_special_range_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))
