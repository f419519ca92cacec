"""Addresses of the web, read by one strict parser."""

import re
import string
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from tasks.outbound.errors import BadUrl

MAX_URL_CHARS = 8000  # what RFC 9110 4.1 asks every party to support
DEFAULT_PORTS = {"http": 80, "https": 443}

Ip = IPv4Address | IPv6Address

_ODD = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")
_AUTHORITY = re.compile(
    r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{0,5}))?"
)
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Every resolver that reads "127.1", "0x7f.1" or "2130706433" as an address sees a
# number in the last label, so nothing but four plain decimals may end in one.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


@dataclass(frozen=True)
class Target:
    """Name what is connected to and what is asked for there."""

    scheme: str
    host: str  # lower case, without brackets or a final dot
    port: int
    path: str  # with the query string, percent-encoded
    ip: Ip | None = None  # set when the host is an address

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = self.port == DEFAULT_PORTS[self.scheme]
        return host if default else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def shown(self) -> str:
        """The address as people may see it: a query string often holds secrets."""
        return shortened(f"{self.scheme}://{self.authority}{self.path.split('?')[0]}")


def parse(url: str) -> Target:
    if len(url) > MAX_URL_CHARS:
        raise BadUrl(f"The address is longer than {MAX_URL_CHARS} characters.")
    if _ODD.search(url):
        raise _bad(url, "holds a space, a control character or a backslash")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _bad(url, "is not a URL") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _bad(url, "is neither http nor https")
    return _target(url, parts)


def join(base: Target, location: str) -> Target:
    """Resolve the Location of a redirect, given as http.client reads it (Latin-1)."""
    raw = location.encode("latin-1", "replace")
    ascii_only = re.sub(rb"[ \x80-\xff]", lambda found: b"%%%02X" % ord(found[0]), raw)
    reference = ascii_only.decode("ascii")
    # urljoin drops tabs and line ends in silence, so they are looked for first.
    if _ODD.search(reference) or len(reference) > MAX_URL_CHARS:
        raise BadUrl(f"{base.shown} redirects to something that is not a URL.")
    try:
        return parse(urljoin(base.url, reference))
    except ValueError:
        raise BadUrl(
            f"{base.shown} redirects to something that is not a URL."
        ) from None


def shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


def _target(url: str, parts: SplitResult) -> Target:
    authority = parts.netloc.lower()
    if "@" in authority:
        raise _bad(url, "holds a user name or a password")
    if not authority.isascii():
        raise _bad(url, "has a host that is not ASCII: write it in punycode (xn--…)")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise _bad(url, "has no valid host")
    host, ip = _address(url, match["v6"]) if match["v6"] else _name(url, match["name"])
    port = int(match["port"] or DEFAULT_PORTS[parts.scheme])
    if not 0 < port <= 65_535:
        raise _bad(url, "has a port that does not exist")
    query = f"?{parts.query}" if parts.query else ""
    path = quote((parts.path or "/") + query, safe=string.punctuation)
    return Target(parts.scheme, host, port, path, ip)


def _address(url: str, text: str) -> tuple[str, Ip]:
    try:
        ip = IPv6Address(text)
    except ValueError:
        raise _bad(url, "has no valid host") from None
    return str(ip), ip


def _name(url: str, text: str) -> tuple[str, Ip | None]:
    name = text.removesuffix(".")
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise _bad(url, "has no valid host")
    if not _NUMERIC.fullmatch(name):
        return name, None
    try:
        return name, IPv4Address(name)
    except ValueError:
        raise _bad(url, "has a host that looks like a number but is not IPv4") from None


def _bad(url: str, why: str) -> BadUrl:
    """Quote the readable part: no query, no fragment, nothing before an at sign."""
    visible = re.split(r"[?#]", url, maxsplit=1)[0].rpartition("@")[2]
    return BadUrl(f"{shortened(_ODD.sub('·', visible)) or 'The address'} {why}.")
