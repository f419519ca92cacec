"""Sealed values: encrypted, bound to SECRET_KEY, readable after its rotation."""

from typing import Any

import pytest
from pytest_django import Settings

from tasks.errors import SealBroken
from tasks.sealed import seal, unseal


@pytest.fixture(autouse=True)
def _key(settings: Settings) -> None:
    settings.SECRET_KEY = "first-" * 10
    settings.SECRET_KEY_FALLBACKS = []


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        1.5,
        "",
        "größe 🧮",
        [],
        {},
        {"a": [{"b": "c"}, None]},
        "x" * 10**5,
    ],
)
def test_what_is_sealed_is_unsealed_as_it_was(value: Any) -> None:
    assert unseal(seal(value)) == value


def test_a_seal_shows_nothing_and_differs_each_time() -> None:
    first, second = seal({"token": "s3cret"}), seal({"token": "s3cret"})

    assert first != second
    assert "s3cret" not in first
    assert first.isascii()


def test_another_key_cannot_read_it(settings: Settings) -> None:
    text = seal("s3cret")
    settings.SECRET_KEY = "second-" * 10

    with pytest.raises(SealBroken, match="SECRET_KEY has changed") as caught:
        unseal(text)

    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_key_that_was_replaced_still_reads(settings: Settings) -> None:
    text = seal("s3cret")
    settings.SECRET_KEY_FALLBACKS = ["older-" * 10, settings.SECRET_KEY]
    settings.SECRET_KEY = "second-" * 10

    assert unseal(text) == "s3cret"


def test_the_newest_key_seals(settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = ["older-" * 10]
    text = seal("s3cret")
    settings.SECRET_KEY_FALLBACKS = []

    assert unseal(text) == "s3cret"


@pytest.mark.parametrize("place", [0, 10, 40, -1])
def test_a_seal_that_was_changed_is_broken(place: int) -> None:
    text = list(seal("s3cret"))
    text[place] = "A" if text[place] != "A" else "B"

    with pytest.raises(SealBroken):
        unseal("".join(text))


@pytest.mark.parametrize("text", ["", "x", "gAAAAA", "größe", "\0"])
def test_what_is_no_seal_is_broken(text: str) -> None:
    with pytest.raises(SealBroken):
        unseal(text)
