"""The texts of statuses, as contract 000 (3.2.3) has them."""

from http import HTTPStatus

import pytest

from exports.phrases import PHRASES, status_text


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (200, "200 OK"),
        (201, "201 Created"),
        (203, "203 Non-Authoritative Information"),
        (207, "207 Multi-Status"),
        (226, "226 IM Used"),
        (302, "302 Found"),
        (305, "305 Use Proxy"),
        (307, "307 Temporary Redirect"),
        (308, "308 Resume Incomplete"),
        (404, "404 Not Found"),
        (413, "413 Request Entity Too Large"),
        (414, "414 Request-URI Too Long"),
        (416, "416 Requested Range Not Satisfiable"),
        (418, "418 I'm a teapot"),
        (422, "422 Unprocessable Entity"),
        (426, "426 Upgrade Required"),
        (429, "429 Too Many Requests"),
        (451, "451 Wrong Exchange server"),
        (500, "500 Internal Server Error"),
        (502, "502 Bad Gateway"),
        (503, "503 Service Unavailable"),
        (504, "504 Gateway Timeout"),
        (505, "505 HTTP Version Not Supported"),
        (509, "509 Bandwidth Limit Exceeded"),
        (598, "598 Network read timeout error"),
        (299, "299"),
        (421, "421"),
        (425, "425"),
        (999, "999"),
    ],
)
def test_a_status_is_its_code_and_the_phrase(code: int, text: str) -> None:
    assert status_text(code) == text


def test_no_phrase_has_parentheses_or_blanks_around_it() -> None:
    assert [p for p in PHRASES.values() if "(" in p or p != p.strip()] == []


def test_most_common_codes_read_as_in_the_registry() -> None:
    """The old phrases are few: the rest guards against a slip in the table."""
    older = {s for s in PHRASES if s in set(HTTPStatus)} - {
        *(103, 308, 413, 414, 416, 418, 422, 451),
    }
    registry = {code: HTTPStatus(code).phrase.lower() for code in older}
    assert {code: PHRASES[code].lower() for code in older} == registry
