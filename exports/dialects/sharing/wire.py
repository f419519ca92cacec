"""The words of contract 3.3."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from exports.appending import Appended
from exports.dialects.sharing.params import Fault, clipped
from exports.events import TokenKind
from exports.models import ShareQuery

Json = dict[str, Any]

EXPIRED = {"X-STATUS": "Job expired"}
TOKEN_HEADERS = {
    TokenKind.NEXT: "X-Next-Token",
    TokenKind.LAST_INSERTED: "X-Last-Inserted-Token",
    TokenKind.FIRST: "X-First-Token",
    TokenKind.LAST: "X-Last-Token",
}


def status_path(query: ShareQuery) -> str:
    return f"/shares/v2/async/{query.share_id}/jobs/{query.pk}"


def results_path(query: ShareQuery) -> str:
    return f"/shares/v2/async/{query.share_id}/results/{query.pk}"


def token_headers(tokens: Mapping[TokenKind, str]) -> dict[str, str]:
    return {TOKEN_HEADERS[kind]: text for kind, text in tokens.items()}


def error(status: int, description: str) -> Json:
    title = f"{status} {HTTPStatus(status).phrase}"
    return {"title": title, "description": description, "errors": []}


def invalid_inputs(faults: Iterable[Fault]) -> Json:
    told = [
        {"key": one.key, "type": one.type, "message": one.message} for one in faults
    ]
    return {
        "title": "400 Invalid input(s)",
        "description": f"{len(told)} invalid input(s)",
        "errors": told,
    }


def invalid_token(query: ShareQuery) -> Json:
    sent = ",".join(query.asked.get("token", []))
    message = f"Invalid token: {clipped(sent)}"
    told = {"type": "storage", "key": "token", "message": message}
    return {"title": "400 Bad Request", "errors": [told]}


def appended(made: Appended) -> Json:
    return {
        "batch": made.batch.number,
        "count": made.batch.rows,
        "first": made.first,
        "last": made.last,
    }
