"""Signatures of webhooks, against the vector of Standard Webhooks' own libraries."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from registry import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!").decode()
MESSAGE: dict[str, Any] = {
    "message_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "at_s": 1_614_265_330,
    "body": b'{"test": 2432232314}',
}
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"


def documented_check() -> Any:
    """Return the function that the documentation gives to receivers."""
    text = PAGE.read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?def is_genuine.*?)```", text, re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)  # our own document
    return names["is_genuine"]


def test_a_message_is_signed_as_the_standards_libraries_do() -> None:
    assert signing.sign(SECRET, **MESSAGE) == SIGNATURE


def test_the_three_headers_of_a_message() -> None:
    assert signing.signed_headers([SECRET], **MESSAGE) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_each_secret_makes_a_signature_with_a_space_between() -> None:
    headers = signing.signed_headers([OTHER, SECRET], **MESSAGE)

    first, second = headers["webhook-signature"].split(" ")
    assert (first, second) == (signing.sign(OTHER, **MESSAGE), SIGNATURE)
    assert first != second


@pytest.mark.parametrize(
    "change", [{"message_id": "msg_2"}, {"at_s": 1_614_265_331}, {"body": b"{}"}]
)
def test_all_parts_of_a_message_are_signed(change: dict[str, Any]) -> None:
    assert signing.sign(SECRET, **{**MESSAGE, **change}) != SIGNATURE


def test_a_new_secret_is_one_of_its_own_and_as_long_as_the_standard_asks() -> None:
    secrets = {signing.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    for secret in secrets:
        assert secret.startswith("whsec_")
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        assert 24 <= len(key) <= 64


def test_the_documented_lines_know_a_genuine_message() -> None:
    genuine = documented_check()
    now = 1_614_265_330.0
    headers = signing.signed_headers([OTHER, SECRET], **MESSAGE)
    body = MESSAGE["body"]

    assert genuine(SECRET, headers, body, now=now)
    assert genuine(OTHER, headers, body, now=now)
    assert not genuine(SECRET, headers, body + b" ", now=now)
    assert not genuine(SECRET, headers, body, now=now + 301)
    assert not genuine(signing.new_secret(), headers, body, now=now)
