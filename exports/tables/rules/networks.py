"""IP addresses, networks and ranges, as they stand in rules and in values."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import accumulate, groupby

from exports.tables.rules.tree import Network

BLANK = r"[ \t\r\n]*"
V4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
V6 = r"[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*"
ADDRESS = rf"(?:{V4}|{V6})"
NETWORK = re.compile(
    rf"({ADDRESS})(?:{BLANK}/{BLANK}([0-9]{{1,3}})|{BLANK}-{BLANK}({ADDRESS}))?"
)
OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
LONGEST = 128  # two addresses of 45 characters and some blanks
BITS = {4: 32, 6: 128}


def read_network(value: str) -> Network | None:
    """Return what a value says, if it is an address, a range or CIDR."""
    if len(value) > LONGEST:
        return None
    found = NETWORK.fullmatch(value.strip(" \t\r\n"))
    return network(*found.groups()) if found else None


def network(first: str, bits: str | None, last: str | None) -> Network | None:
    """Make a network of its written parts; None if they are no network."""
    start = read_address(first)
    if start is None:
        return None
    if bits is not None:
        return masked(*start, int(bits))
    if last is None:
        return Network(start[0], start[1], start[1])
    end = read_address(last)
    if end is None or end[0] != start[0]:
        return None
    return Network(start[0], min(start[1], end[1]), max(start[1], end[1]))


def masked(version: int, number: int, bits: int) -> Network | None:
    if bits > BITS[version]:
        return None
    host = (1 << (BITS[version] - bits)) - 1
    return Network(version, number & ~host, number | host)


def read_address(text: str) -> tuple[int, int] | None:
    """Return version and number."""
    try:
        address = IPv6Address(text) if ":" in text else IPv4Address(text)
    except ValueError:
        return None
    return address.version, int(address)


def network_text(net: Network) -> str:
    """Write an address, CIDR where it is one, else a range."""
    kind = IPv4Address if net.version == 4 else IPv6Address
    first = str(kind(net.first))
    if net.first == net.last:
        return first
    bits = BITS[net.version] - (net.last - net.first).bit_length()
    if masked(net.version, net.first, bits) == net:
        return f"{first}/{bits}"
    return f"{first}-{kind(net.last)}"


class Ranges:
    """Many networks; finds in logarithmic time whether one of them has another."""

    def __init__(self, networks: Iterable[Network]) -> None:
        ordered = sorted(networks, key=lambda net: net.first)
        self.starts: dict[int, list[int]] = {4: [], 6: []}
        self.reach: dict[int, list[int]] = {}
        for version, starts in self.starts.items():
            own = [net for net in ordered if net.version == version]
            starts.extend(net.first for net in own)
            self.reach[version] = list(accumulate((net.last for net in own), max))

    def hold(self, inner: Network) -> bool:
        before = bisect_right(self.starts[inner.version], inner.first)
        return before > 0 and self.reach[inner.version][before - 1] >= inner.last


def joined(networks: Iterable[Network]) -> list[Network]:
    """Return the same addresses in as few networks as can be."""
    whole: list[Network] = []
    for net in sorted(networks, key=lambda net: (net.version, net.first)):
        before = whole[-1] if whole else None
        if before is None or (before.version, before.last + 1) < (
            net.version,
            net.first,
        ):
            whole.append(net)
        else:
            last = max(before.last, net.last)
            whole[-1] = Network(net.version, before.first, last)
    return whole


def ipv4_pattern(net: Network) -> str:
    """Return a regular expression of the network's single addresses."""
    first, last = octets(net.first), octets(net.last)
    return "(?:" + "|".join(between(first, last)) + ")"


def octets(number: int) -> tuple[int, ...]:
    return tuple(number.to_bytes(4, "big"))


def between(first: tuple[int, ...], last: tuple[int, ...]) -> Iterable[str]:
    """Yield patterns of the dotted numbers from first to last, of equal length."""
    lo, hi, rest = first[0], last[0], len(first) - 1
    if not rest:
        yield numbers(lo, hi)
        return
    lowest, highest = (0,) * rest, (255,) * rest
    if lo == hi:
        yield from (rf"{lo}\.{tail}" for tail in between(first[1:], last[1:]))
        return
    if first[1:] != lowest:
        yield from (rf"{lo}\.{tail}" for tail in between(first[1:], highest))
        lo += 1
    if last[1:] != highest:
        yield from (rf"{hi}\.{tail}" for tail in between(lowest, last[1:]))
        hi -= 1
    if lo <= hi:
        yield numbers(lo, hi) + rf"\.{OCTET}" * rest


@lru_cache(maxsize=4_096)
def numbers(lo: int, hi: int) -> str:
    """Return a pattern of the numbers lo to hi, ten by ten."""
    if (lo, hi) == (0, 255):
        return OCTET
    if lo == hi:
        return str(lo)
    tens = []
    for ten, group in groupby(range(lo, hi + 1), key=lambda n: n // 10):
        units = [n % 10 for n in group]
        tens.append(f"{ten or ''}[{units[0]}-{units[-1]}]")
    return "(?:" + "|".join(tens) + ")"
