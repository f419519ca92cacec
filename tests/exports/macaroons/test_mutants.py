"""Tokens that were tampered with: none is good for more, none breaks anything."""

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable

import pytest

from exports.macaroons import BadMacaroon, Facts, Grant, parse, verify
from tests.exports.macaroons.made import FACTS, NEEDED, SECRET, VECTOR, minted

WS = ["target = export-service", "path = /ws/export", "method = GET"]
GENUINE = [
    VECTOR,
    minted(),
    minted('destination = ["http://a.example/", "http://b.example/"]'),
    minted("destination = http://c.example/", identifier="carol"),
    minted(needed=WS, identifier="dave"),
    minted(*NEEDED * 5, identifier="erin" * 50),
]
FORGED = [
    minted("destination = http://evil.example/", secret=b"mallory's"),
    minted(identifier="carol", secret=b"0" * 32),
]
ALL_FACTS = [FACTS, Facts(target="export-service", method="GET", path="/ws/export")]
ODD = "\0\n\r +/=-_é漢\u0661\u2028\ud800\U0001f36a\uff21"

Packets = list[tuple[bytes, bytes]]


def raw_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def packets_of(text: str) -> Packets:
    read = parse(text)
    return [
        (b"location", read.location.encode()),
        (b"identifier", read.identifier.encode()),
        *((b"cid", caveat) for caveat in read.caveats),
        (b"signature", read.signature),
    ]


def written(packets: Packets, lies: dict[int, int] | None = None) -> str:
    lies = lies or {}
    return text_of(
        b"".join(
            b"%04x%b %b\n"
            % ((len(key) + len(value) + 6 + lies.get(at, 0)) % 65536, key, value)
            for at, (key, value) in enumerate(packets)
        )
    )


def bits_flipped(text: str, chance: random.Random) -> str:
    raw = bytearray(raw_of(text))
    for _ in range(chance.choice([1, 1, 2, 8])):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return text_of(bytes(raw))


def letters_changed(text: str, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(chance.choice([1, 1, 2, 5])):
        letters[chance.randrange(len(letters))] = chance.choice(text + ODD)
    return "".join(letters)


def letters_added(text: str, chance: random.Random) -> str:
    at = chance.randint(0, len(text))
    added = "".join(chance.choices(text + ODD, k=chance.randint(1, 6)))
    return text[:at] + added + text[at:]


def last_letter_changed(text: str, chance: random.Random) -> str:
    return text[:-1] + chance.choice(VECTOR)


def cut(text: str, chance: random.Random) -> str:
    start, end = sorted(chance.choices(range(len(text) + 1), k=2))
    return chance.choice([text[:end], text[start:], text[:start] + text[end:]])


def spliced(text: str, chance: random.Random) -> str:
    other = chance.choice(GENUINE + FORGED)
    if chance.random() < 0.5:
        return text[: chance.randint(0, len(text))] + other[chance.randrange(300) :]
    mine, others = packets_of(text), packets_of(other)
    head = mine[: chance.randint(0, len(mine))]
    return written(head + others[chance.randrange(len(others)) :])


def packets_moved(text: str, chance: random.Random) -> str:
    packets = packets_of(text)
    moved = packets.pop(chance.randrange(len(packets)))
    packets.insert(chance.randint(0, len(packets)), moved)
    return written(packets)


def packets_doubled(text: str, chance: random.Random) -> str:
    packets = packets_of(text)
    packets.insert(chance.randint(0, len(packets)), chance.choice(packets))
    return written(packets)


def packets_dropped(text: str, chance: random.Random) -> str:
    packets = packets_of(text)
    for _ in range(chance.randint(1, 3)):
        packets.pop(chance.randrange(len(packets)))
    return written(packets)


def keys_changed(text: str, chance: random.Random) -> str:
    packets = packets_of(text)
    at = chance.randrange(len(packets))
    keys = [b"cid", b"vid", b"cl", b"signature", b"identifier", b"location", b"", b"x"]
    packets[at] = (chance.choice(keys), packets[at][1])
    return written(packets)


def lengths_lied(text: str, chance: random.Random) -> str:
    packets = packets_of(text)
    lie = chance.choice([-9, -2, -1, 1, 2, 9, 255, 65535])
    return written(packets, {chance.randrange(len(packets)): lie})


def caveats_swapped(text: str, chance: random.Random) -> str:
    packets = packets_of(text)
    others = packets_of(chance.choice(GENUINE + FORGED))
    places = [at for at, (key, _) in enumerate(packets) if key == b"cid"]
    packets[chance.choice(places)] = (
        b"cid",
        chance.choice([value for key, value in others if key == b"cid"]),
    )
    return written(packets)


def caveats_added(text: str, chance: random.Random) -> str:
    packets = packets_of(text)
    said = [b"destination = http://evil.example/", b"path = /ws/export", b"\xff", b""]
    packets.insert(chance.randint(2, len(packets) - 1), (b"cid", chance.choice(said)))
    return written(packets)


def signature_of_another(text: str, chance: random.Random) -> str:
    other = packets_of(chance.choice(GENUINE + FORGED))[-1]
    zeros = (b"signature", bytes(32))
    return written([*packets_of(text)[:-1], chance.choice([other, zeros])])


def caveats_joined(text: str, chance: random.Random) -> str:
    """Say two packets in one, so that their bytes are the same as before."""
    packets = packets_of(text)
    at = chance.randrange(len(packets) - 1)
    (key, value), (key_after, value_after) = packets[at : at + 2]
    length = len(key_after) + len(value_after) + 6
    after = b"\n%04x%b %b" % (length, key_after, value_after)
    packets[at : at + 2] = [(key, value + after)]
    return written(packets)


MUTATIONS: list[Callable[[str, random.Random], str]] = [
    *(bits_flipped, letters_changed, letters_added, last_letter_changed, cut, spliced),
    *(packets_moved, packets_doubled, packets_dropped, keys_changed, lengths_lied),
    *(caveats_swapped, caveats_added, signature_of_another, caveats_joined),
]


def granted(text: str, facts: Facts) -> Grant | None:
    try:
        return verify(text, secret=SECRET, facts=facts)
    except BadMacaroon:
        return None


def what_is_signed(text: str) -> tuple[str, tuple[bytes, ...], bytes]:
    read = parse(text)
    return read.identifier, read.caveats, read.signature


MAY = {
    (what_is_signed(text), facts): grant
    for text in GENUINE
    for facts in ALL_FACTS
    if (grant := granted(text, facts))
}


def judge(seed: int, told: Counter[str]) -> None:
    """Make one mutant and check that it is refused, or says what a genuine one says."""
    chance = random.Random(seed)
    mutate = MUTATIONS[seed % len(MUTATIONS)]
    mutant = mutate(chance.choice(GENUINE), chance)
    while chance.random() < 0.15:
        try:
            mutant = chance.choice(MUTATIONS)(mutant, chance)
        except (BadMacaroon, ValueError, IndexError):
            break  # it is too broken to be broken once more
    for facts in ALL_FACTS:
        grant = granted(mutant, facts)
        told["good" if grant else "refused"] += 1
        if grant:
            assert MAY.get((what_is_signed(mutant), facts)) == grant, seed


def test_the_genuine_are_good_for_one_thing_each() -> None:
    assert len(MAY) == len(GENUINE)
    assert not any(granted(text, facts) for text in FORGED for facts in ALL_FACTS)


def test_of_thousands_of_mutants_none_is_good_for_more() -> None:
    told: Counter[str] = Counter()

    for seed in range(4_000):
        judge(seed, told)

    # Some are genuine still: no signature covers the location.
    assert 0 < told["good"] < told["refused"] / 10


@pytest.mark.faults
def test_of_twenty_thousand_others_none_is_good_for_more() -> None:
    told: Counter[str] = Counter()

    for seed in range(4_000, 24_000):
        judge(seed, told)

    assert told["good"] + told["refused"] == 40_000
    assert told["refused"] > 36_000
