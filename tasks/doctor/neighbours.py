"""What the service speaks to: Redis, the store, the provider, and not the inside."""

import secrets
from dataclasses import replace
from ipaddress import ip_network
from time import monotonic

import redis
from django.conf import settings

from tasks import outbound
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.doctor.findings import Doubt, Fault, Unused
from tasks.oidc import provider
from tasks.oidc.errors import IdpDown

ANSWERS_WITHIN_S = 3.0
FENCE = "doctor"
# This machine, and where clouds tell their machines' credentials.
INSIDE = ("http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/")
EVERYWHERE = ((ip_network("0.0.0.0/0"), None), (ip_network("::/0"), None))


def redis_rings() -> str:
    if not settings.REDIS_URL:
        raise Unused("The doorbell rings through the database.")
    within = {
        "socket_connect_timeout": ANSWERS_WITHIN_S,
        "socket_timeout": ANSWERS_WITHIN_S,
    }
    with redis.from_url(settings.REDIS_URL, **within) as server:
        told = server.info()
    policy = told.get("maxmemory_policy", "noeviction")
    if told.get("maxmemory") and policy.startswith("allkeys"):
        raise Doubt(f"Redis may forget that a bell was rung ({policy}).")
    return f"Redis {told['redis_version']} answers."


def store_keeps_a_file() -> str:
    """Write a file, read it, and remove it again."""
    began, content = monotonic(), secrets.token_bytes(1000)
    stored = _put(content)
    try:
        with store().open(stored.digest, size=len(content)) as file:
            if file.read() != content:
                raise Fault("The store gave back other bytes than it was given.")
    finally:
        store().delete(stored.digest)
    took = f"A file was written, read and removed in {monotonic() - began:.2f} s"
    if not store().is_local:
        return f"{took}, in a bucket."
    free_mb = store().free_bytes() >> 20
    if free_mb < settings.DISK_RESERVE_MB:
        raise Fault(f"Only {free_mb} MB are free where the store is.")
    return f"{took}; {free_mb:,} MB are free."


def links_lead_to_the_store() -> str:
    if not settings.STORE_PRESIGN or store().is_local:
        raise Unused("Downloads are sent by this service, or the proxy before it.")
    content = secrets.token_bytes(1000)
    stored = _put(content)
    try:
        link = store().link(stored.digest, headers={}, expires_s=60)
        if _fetched(link or "") != content:
            raise Fault("A link led to other bytes than were stored.")
    finally:
        store().delete(stored.digest)
    return "A link to a stored file works from here."


def inside_is_closed() -> str:
    """Ask the guard for what no client may reach; it must not even connect."""
    quick = replace(settings.OUTBOUND, total_timeout_s=2.0, max_redirects=0)
    reached = [url for url in INSIDE if not _is_blocked(url, quick)]
    if reached:
        raise Fault(f"Clients may have {', '.join(reached)} fetched: see OUTBOUND_….")
    return "Loopback and link-local addresses are closed to clients."


def provider_answers() -> str:
    if provider.current() is None:
        raise Unused("No OIDC_ISSUER: every call of /api/v1 is refused.")
    provider.forget()
    known = provider.current()
    assert known is not None  # noqa: S101 - it was a moment ago
    try:
        keys = known.fetch_keys()
    except IdpDown:
        raise Fault("It does not answer as a provider: see the log.") from None
    return f"{known.issuer} answers, with {len(keys.keys)} keys."


def _put(content: bytes) -> Stored:
    with store().writer(fence=FENCE) as writer:
        writer.write(content)
        return writer.commit()


def _fetched(link: str) -> bytes:
    # The operator's own endpoint, wherever it is.
    anywhere = replace(settings.OUTBOUND_QUICK, allow_nets=EVERYWHERE)
    with outbound.stream("GET", link, policy=anywhere) as reply:
        reply.raise_for_status()
        return reply.read(1 << 20)


def _is_blocked(url: str, policy: outbound.Policy) -> bool:
    try:
        with outbound.stream("HEAD", url, policy=policy):
            return False
    except outbound.Blocked:
        return True
    except outbound.OutboundError:
        return False
