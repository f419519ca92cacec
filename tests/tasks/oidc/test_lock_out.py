"""Where staff sign in by password, guessing is shut out."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _root(settings: Settings) -> None:
    settings.OIDC_ISSUER = ""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_superuser("root", password="right")


def sign_in(password: str, *, name: str = "root", address: str = "192.0.2.1") -> int:
    browser = Client(REMOTE_ADDR=address)
    form = {"username": name, "password": password}
    return browser.post("/admin/login/", form).status_code


def guess(times: int) -> list[int]:
    return [sign_in(f"wrong-{number}") for number in range(times)]


def test_four_wrong_passwords_shut_nobody_out() -> None:
    assert guess(4) == [200] * 4

    assert sign_in("right") == 302


def test_after_five_the_right_one_does_not_help_either() -> None:
    assert guess(5)[-1] == 429

    assert sign_in("right") == 429


def test_another_name_and_another_address_are_not_shut_out() -> None:
    User.objects.create_superuser("other", password="right")
    guess(5)

    assert sign_in("right", name="other") == 302
    assert sign_in("right", address="192.0.2.2") == 302


def test_a_header_does_not_make_it_another_address() -> None:
    guess(5)

    browser = Client(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="192.0.2.9")
    form = {"username": "root", "password": "right"}
    assert browser.post("/admin/login/", form).status_code == 429


def test_it_is_over_after_a_quarter_of_an_hour_whatever_was_tried() -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        guess(5)
        clock.shift(timedelta(minutes=14))
        assert sign_in("wrong") == 429
        clock.shift(timedelta(minutes=2))
        assert sign_in("right") == 302


def test_signing_in_forgets_the_wrong_ones_before() -> None:
    guess(4)
    sign_in("right")

    assert guess(4) == [200] * 4
