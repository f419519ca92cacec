"""Patterns and ranges hold the same addresses as the ipaddress module says."""

import re
from ipaddress import IPv4Address, ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables.rules.networks import Ranges, ipv4_pattern, joined, read_network
from exports.tables.rules.tree import Network

near = st.one_of(
    st.integers(0, 2**32 - 1),
    st.builds(
        lambda at, by: max(at + by, 0),
        st.sampled_from([0, 1 << 8, 1 << 16, 1 << 24]),
        st.integers(-2, 2),
    ),
)
spans = st.tuples(near, near).map(sorted)


@settings(deadline=None, max_examples=300)
@given(spans, st.lists(near, min_size=1, max_size=5))
def test_a_pattern_finds_the_addresses_of_its_range_only(
    span: list[int], others: list[int]
) -> None:
    first, last = span
    pattern = re.compile(ipv4_pattern(Network(4, first, last)))
    edges = [first, last, (first + last) // 2, first - 1, last + 1, *others]

    for number in (edge for edge in edges if 0 <= edge < 2**32):
        found = pattern.fullmatch(str(IPv4Address(number)))
        assert bool(found) == (first <= number <= last)


@given(st.lists(spans, max_size=6), spans)
def test_ranges_hold_what_one_of_them_holds(
    outer: list[list[int]], inner: list[int]
) -> None:
    networks = [Network(4, *span) for span in outer]

    held = Ranges(networks).hold(Network(4, *inner))

    assert held == any(a <= inner[0] and inner[1] <= b for a, b in outer)


@given(st.lists(spans, max_size=6), near)
def test_joined_networks_have_the_same_addresses(
    outer: list[list[int]], number: int
) -> None:
    whole = joined([Network(4, *span) for span in outer])

    inside = [net for net in whole if net.first <= number <= net.last]

    assert len(inside) == any(a <= number <= b for a, b in outer)


def test_networks_are_joined_only_where_they_touch() -> None:
    apart = [Network(4, 1, 2), Network(4, 4, 5), Network(6, 6, 7)]

    assert joined([*apart, Network(4, 5, 5)]) == apart
    assert joined([*apart, Network(4, 3, 3)]) == [Network(4, 1, 5), Network(6, 6, 7)]


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_written_network_is_read(address: object, bits: int) -> None:
    version = ip_address(str(address)).version
    kept = min(bits, 32 if version == 4 else 128)
    net = ip_network(f"{address}/{kept}", strict=False)

    read = read_network(f" {address} / {kept}")

    assert read == Network(version, int(net[0]), int(net[-1]))
