"""What an operator allows the service to reach, and how much of it."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

MIB = 1 << 20

Network = IPv4Network | IPv6Network

# A port after an IPv6 address needs brackets or a prefix length in between.
_NETWORK = re.compile(
    r"""(?: \[ (?P<bracketed>[0-9a-f:.]+) \] (?:/(?P<length>\d{1,3}))?
          | (?P<plain>[0-9.]+ (?:/\d{1,3})? | [0-9a-f:.]+ /\d{1,3})
          | (?P<bare>[0-9a-f:.]+ (?!.))
        ) (?: : (?P<port>\d{1,5}) )?""",
    re.VERBOSE | re.IGNORECASE,
)
_HOST = re.compile(
    r"(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f:]*:[0-9a-f:.]*"
)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Deny by default: public addresses on the web's ports, nothing else.

    `allow_nets` opens networks that are not public: with a port on that port alone,
    without one (None) on `ports`. `allow_hosts`, when not empty, shuts out every
    other host; `deny_hosts` wins over it. Both know `name` and `*.suffix`.
    """

    allow_nets: tuple[tuple[Network, int | None], ...] = ()
    allow_hosts: frozenset[str] = frozenset()
    deny_hosts: frozenset[str] = frozenset()
    ports: frozenset[int] | None = frozenset({80, 443})  # None: any
    connect_timeout_s: float = 5.0  # look-up and connection together
    read_timeout_s: float = 10.0  # between two arrivals; also the TLS handshake
    total_timeout_s: float = 600.0  # from the call to the last byte the caller reads
    max_raw_bytes: int = 4096 * MIB  # off the wire, framing and headers included
    max_bytes: int = 16_384 * MIB  # decoded
    max_ratio: int = 100  # decoded to encoded, looked at after the first MiB
    max_redirects: int = 3
    user_agent: str = "entrepot/0.1"
    ca_file: str | None = None  # PEM of the authorities to trust; None: the public ones


def parse_policy(
    *,
    allow_nets: str = "",
    allow_hosts: str = "",
    deny_hosts: str = "",
    ports: str = "80,443",
) -> Policy:
    """Read the strings of OUTBOUND_ALLOW_NETS, …_ALLOW_HOSTS, …_DENY_HOSTS, …_PORTS.

    Raises ValueError with a sentence that names the faulty part.
    """
    return Policy(
        allow_nets=tuple(_network(item) for item in _items(allow_nets)),
        allow_hosts=frozenset(_host(item) for item in _items(allow_hosts)),
        deny_hosts=frozenset(_host(item) for item in _items(deny_hosts)),
        ports=_ports(ports),
    )


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _network(item: str) -> tuple[Network, int | None]:
    match = _NETWORK.fullmatch(item)
    if match is None:
        raise ValueError(
            f"{item!r} is not a network: write 10.1.2.0/24, 10.1.2.0/24:8443 "
            "or [2001:db8::]/32:8443"
        )
    length = f"/{match['length']}" if match["length"] else ""
    address = match["plain"] or match["bare"] or match["bracketed"] + length
    try:
        network = ip_network(address)
    except ValueError as error:
        raise ValueError(f"{item!r} is not a network: {error}") from error
    return network, _port(match["port"]) if match["port"] else None


def _host(item: str) -> str:
    host = item.lower().removesuffix(".")
    if not _HOST.fullmatch(host):
        raise ValueError(f"{item!r} is not a host: write example.org or *.example.org")
    # The same spelling as in a parsed URL, or the entry would never match.
    return str(ip_address(host)) if ":" in host else host


def _ports(text: str) -> frozenset[int] | None:
    if text.strip().lower() == "any":
        return None
    ports = frozenset(_port(item) for item in _items(text))
    if not ports:
        raise ValueError("No port is listed: write 80,443 or any")
    return ports


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 65_535):
        raise ValueError(f"{text!r} is not a port: write a number from 1 to 65535")
    return int(text)
