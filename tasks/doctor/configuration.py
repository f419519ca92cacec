"""Settings that are safe, and that mean what they should."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.core import checks

from tasks.doctor.findings import Doubt, Fault, Unused

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
SHORTEST_SECRET = 16
SHORTEST_RSA_BITS = 2048


def settings_are_for_production() -> str:
    """Ask Django, which knows of DEBUG, weak keys, cookies and HTTPS."""
    if settings.DEBUG:
        raise Fault("DEBUG is on: loopback and anonymous callers are let in.")
    found = checks.run_checks(include_deployment_checks=True)
    grave = [one for one in found if one.level >= checks.WARNING]
    if grave:
        told = "; ".join(f"{one.id}: {one.msg.partition('.')[0]}" for one in grave)
        raise Fault(f"{told}.")
    return "DEBUG is off, the secret key is strong, HTTPS is enforced."


def hosts_are_named() -> str:
    hosts: list[str] = settings.ALLOWED_HOSTS
    if "*" in hosts:
        raise Fault("ALLOWED_HOSTS lets any Host header in.")
    if set(hosts) <= LOOPBACK:
        raise Doubt("Only this machine is served: ALLOWED_HOSTS is not set.")
    return f"Serves {', '.join(hosts)}."


def keys_can_be_read() -> str:
    if not (settings.AUTH_PUBLIC_KEY or settings.AUTH_SERVER):
        raise Unused("No AUTH_PUBLIC_KEY and no AUTH_SERVER: nobody can upload.")
    private = _private_key()
    if not settings.AUTH_PUBLIC_KEY:
        return "The key is asked of AUTH_SERVER."
    public = load_pem_public_key(settings.AUTH_PUBLIC_KEY.encode())
    if not isinstance(public, RSAPublicKey) or public.key_size < SHORTEST_RSA_BITS:
        raise Fault(f"AUTH_PUBLIC_KEY is no RSA key of {SHORTEST_RSA_BITS} bits.")
    if private and private.public_key() != public:
        raise Fault("AUTH_PRIVATE_KEY and AUTH_PUBLIC_KEY are no pair.")
    return f"AUTH_PUBLIC_KEY is RSA of {public.key_size} bits."


def _private_key() -> RSAPrivateKey | None:
    if not settings.AUTH_PRIVATE_KEY:
        return None
    key = load_pem_private_key(settings.AUTH_PRIVATE_KEY.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise Fault("AUTH_PRIVATE_KEY is no RSA key.")
    return key


def macaroons_are_signed() -> str:
    if not settings.MACAROON_SECRET:
        raise Unused("No MACAROON_SECRET: only identifiers with their own count.")
    if len(settings.MACAROON_SECRET) < SHORTEST_SECRET:
        raise Fault(f"MACAROON_SECRET is shorter than {SHORTEST_SECRET} characters.")
    return "MACAROON_SECRET is set."
