"""Addresses that lead inside, given to every field that takes one."""

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import pytest
from django.test import Client
from pytest_django import Settings

from tests.security.conftest import Some
from tests.security.ssrf.conftest import Attempts
from tests.security.ssrf.fields import FIELDS, World
from tests.security.tally import Tally
from tests.support.common import Issuer
from tests.support.hostile_urls import (
    INSIDE,
    LOOPBACK,
    MALFORMED,
    NAMES,
    PUBLIC,
    SCHEMES,
)
from tests.tasks.outbound.conftest import Names
from tests.tasks.outbound.servers import Server, ok

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sampled(2)]

CORPUS = [*LOOPBACK, *INSIDE, *SCHEMES, *MALFORMED]
CODES = [301, 302, 303, 307, 308]
SAMPLE = 4


@pytest.fixture
def world(client: Client, issuer: Issuer, door: Server) -> World:
    return World(client, issuer, door)


def judge(
    tally: Tally, url: str, name: str, world: World, attempts: Attempts, canary: Server
) -> None:
    """Give a field an address, and count what came of it."""
    hits = canary.hits
    attempts.clear()
    world.said.clear()
    world.statuses.clear()
    FIELDS[name](world, url)
    tally.must_not_break(url, max(world.statuses, default=200))
    allowed = {world.door.port, world.issuer.port}
    inside = [one for one in attempts if one[0] != PUBLIC and one[1] not in allowed]
    if inside or canary.hits != hits:
        tally.accepted.append(f"{url} reached {inside}")
    ours = (world.door.origin, world.issuer.origin)
    said = [_without(text, ours) for text in world.said]
    tally.leaked += [f"{url}: {told}" for told in _told_of(url, said)]


def _without(text: str, origins: tuple[str, ...]) -> str:
    """Leave out the addresses that were given to be said."""
    for origin in origins:
        text = text.replace(origin, "")
    return text


def _told_of(url: str, said: list[str]) -> list[str]:
    """Find addresses that only our resolver knows in what was said."""
    host = url.partition("://")[2].partition("/")[0].rpartition(":")[0] or url
    known = [a for answers in NAMES.get(host, []) for a in answers if a != PUBLIC]
    return [text for text in said if any(address in text for address in known)]


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_leads_inside(
    name: str,
    world: World,
    attempts: Attempts,
    canary: Server,
    some: Some,
    tally_of: Callable[[str], Tally],
) -> None:
    tally = tally_of(f"SSRF: {name}")
    for template in some(CORPUS, SAMPLE):
        url = template.replace("{p}", str(canary.port))
        judge(tally, url, name, world, attempts, canary)
    assert tally.wrong == [], "\n".join(tally.wrong)


@pytest.mark.parametrize("name", FIELDS)
def test_no_redirect_of_an_allowed_place_leads_inside(
    name: str,
    world: World,
    attempts: Attempts,
    canary: Server,
    some: Some,
    tally_of: Callable[[str], Tally],
) -> None:
    if name == "export: the next page's link":
        pytest.skip("the allowed server has a first page to tell")
    tally = tally_of(f"SSRF by redirect: {name}")
    places = [*LOOPBACK, *INSIDE, *SCHEMES][::4]
    for template, code in some(list(zip(places, cycle(CODES))), SAMPLE):
        url = template.replace("{p}", str(canary.port))
        told = url.encode("utf-8", "replace").decode("latin-1")
        world.door.says(ok(b"", f"Location: {told}", status=f"{code} Moved"))
        judge(tally, world.door.origin, name, world, attempts, canary)
    assert tally.wrong == [], "\n".join(tally.wrong)


@pytest.mark.parametrize("name", FIELDS)
def test_no_name_that_changes_its_answer_leads_inside(
    name: str,
    world: World,
    attempts: Attempts,
    canary: Server,
    names: Names,
    some: Some,
    tally_of: Callable[[str], Tally],
) -> None:
    tally = tally_of(f"SSRF by rebinding: {name}")
    insides = ["127.0.0.2", "127.0.0.3", "10.0.0.1", "169.254.169.254"]
    for inside in some(insides, 2):
        # Vetted at once, so that the first answer may not be the one that is used.
        names.put("rebind.test", [PUBLIC], [inside], [PUBLIC], [inside])
        url = f"http://rebind.test:{canary.port}/"
        judge(tally, url, name, world, attempts, canary)
    assert tally.wrong == [], "\n".join(tally.wrong)


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_does_fetch_what_is_allowed(
    name: str, world: World, canary: Server, settings: Settings
) -> None:
    ports = (world.door, world.issuer, canary)
    nets = tuple(net for server in ports for net in server.policy().allow_nets)
    settings.OUTBOUND = replace(settings.OUTBOUND, allow_nets=nets)
    settings.OUTBOUND_QUICK = replace(settings.OUTBOUND_QUICK, allow_nets=nets)

    FIELDS[name](world, f"{canary.origin}/")

    assert canary.hits
