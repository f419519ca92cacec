"""Requests as people may see them."""

import pytest

from exports.sources.redacted import redacted, request_shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a.example/rows", "http://a.example/rows"),
        ("http://a.example/rows?key=s3cret#s3cret", "http://a.example/rows?key=***"),
        ("http://a.example/?s3cret", "http://a.example/?***"),
        ("http://a.example/?page=2&key=a%3Db", "http://a.example/?page=2&key=***"),
        ("http://a.example/?p%61ge=2", "http://a.example/?p%61ge=2"),
    ],
)
def test_only_named_parameters_keep_their_values(url: str, shown: str) -> None:
    assert redacted(url, plain=["page"]) == shown


def test_of_headers_the_names_are_told() -> None:
    shown = request_shown("http://a.example/", {"X-Key": "s3cret"})

    assert shown == {
        "method": "GET",
        "url": "http://a.example/",
        "headers": ["Accept", "X-Key"],
    }
