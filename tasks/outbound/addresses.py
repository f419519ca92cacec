"""Where a request may go: the rules for hosts, ports and IP addresses."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from tasks.outbound.errors import Blocked
from tasks.outbound.policy import Network, Policy
from tasks.outbound.urls import Ip, Target

# Listed in full because ipaddress.is_global differs between Python releases.
# Sources: the IANA IPv4 and IPv6 special-purpose address registries.
_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, on a public-looking address
        "169.254.0.0/16",  # link-local, where clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocols; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # IETF protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# All of IPv6 that is routed lies here. What is outside, such as ::1, mapped and
# translated IPv4, NAT64 (64:ff9b::), fc00::, fe80::, fec0:: and ff00::, is not public.
_IPV6_UNICAST = ip_network("2000::/3")

# Credentials are handed out here, so a wide network such as 100.64.0.0/10 or ::/0 in
# the policy does not open these in passing: only one that lies inside them does.
_METADATA: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "100.100.100.200/32",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.192/32",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
    )
)


def vet_target(target: Target, policy: Policy) -> None:
    """Raise Blocked for what can be refused before any name is looked up."""
    named = policy.allow_hosts and not _listed(target.host, policy.allow_hosts)
    if named or _listed(target.host, policy.deny_hosts):
        raise Blocked(f"{target.shown} is on a host that is not allowed.", code="host")
    opened = any(port == target.port for _, port in policy.allow_nets)
    if not (opened or _ordinary(target.port, policy)):
        raise Blocked(f"{target.shown} is on a port that is not allowed.", code="port")
    if target.ip is not None:
        vet_address(str(target.ip), target, policy)


def vet_address(text: str, target: Target, policy: Policy) -> Ip:
    """Return the address to connect to, or raise Blocked.

    The address stays out of the message: it would tell a stranger what our
    resolver knows.
    """
    ip = ip_address(text)
    scoped = isinstance(ip, IPv6Address) and ip.scope_id is not None
    if scoped or not _permitted(ip, target.port, policy):
        raise Blocked(
            f"{target.shown} leads to a network that is not allowed.", code="address"
        )
    return ip


def is_public(ip: Ip) -> bool:
    inside = ip.version == 4 or ip in _IPV6_UNICAST
    return inside and ip.is_global and not any(ip in net for net in _NOT_PUBLIC)


def _permitted(ip: Ip, port: int, policy: Policy) -> bool:
    opening = {opened for net, opened in policy.allow_nets if _opens(net, ip)}
    if port in opening:
        return True
    return _ordinary(port, policy) and (None in opening or is_public(ip))


def _opens(net: Network, ip: Ip) -> bool:
    kept = next((kept for kept in _METADATA if ip in kept), None)
    return ip in net and (kept is None or net.prefixlen >= kept.prefixlen)


def _ordinary(port: int, policy: Policy) -> bool:
    return policy.ports is None or port in policy.ports


def _listed(host: str, patterns: Iterable[str]) -> bool:
    return any(
        host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
        for pattern in patterns
    )
