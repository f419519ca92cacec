"""A revision as its watchers are told it: the one read that must be cheap.

Clients poll it. Compiling a queryset costs ten times what running it does, so both
statements are compiled once.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import QuerySet

from registry.errors import NoSuchRevision
from registry.models import Pipeline, Revision
from registry.spec_read import name_fault
from registry.states import RunState

# Stand in the compiled statements where the values go; no row has these numbers.
OWNER, DATASET = ":owner", ":dataset"
NUMBER, REVISION = 2**31 - 1, 2**31 - 2


@dataclass(frozen=True, slots=True)
class ToldPipeline:
    pipeline_id: str
    title: str
    state: RunState
    stats: Any
    error_log: Any


@dataclass(frozen=True, slots=True)
class Told:
    flow_id: str
    certified: bool | None
    state: RunState
    modified_at: datetime
    spec: Any
    logs: Any
    error_log: Any
    stats: Any
    pipelines: list[ToldPipeline]


def tell(*, owner: str, dataset: str, word: str) -> Told:
    """Return a revision by `latest`, `successful` or its number.

    Raises:
        NoSuchRevision: there is none.
    """
    sort = "number" if word.isascii() and word.isdigit() and len(word) < 10 else word
    found = None
    if sort in {"number", "latest", "successful"} and not _odd(owner, dataset):
        number = int(word) if sort == "number" else 0
        found = _run(_revision(sort), {OWNER: owner, DATASET: dataset, NUMBER: number})
    if not found:
        raise NoSuchRevision(f"There is no revision {owner}/{dataset}/{word}.")
    key, number, certified, state, modified_at, *texts = found[0]
    spec, logs, error_log, stats = map(_json, texts)
    return Told(
        flow_id=f"{owner}/{dataset}/{number}",
        certified=None if certified is None else bool(certified),
        state=RunState(state),
        modified_at=modified_at,
        spec=spec,
        logs=logs,
        error_log=error_log,
        stats=stats,
        pipelines=_pipelines_of(key),
    )


def _odd(owner: str, dataset: str) -> bool:
    # PostgreSQL fails on some of what can be no name, such as a NUL.
    return bool(name_fault(owner) or name_fault(dataset))


def _pipelines_of(revision: int) -> list[ToldPipeline]:
    return [
        ToldPipeline(id_, title, RunState(state), _json(stats), _json(error_log))
        for id_, title, state, stats, error_log in _run(
            _reported(), {REVISION: revision}
        )
    ]


@cache
def _revision(sort: str) -> tuple[str, tuple[Any, ...]]:
    found = Revision.objects.filter(dataset__owner=OWNER, dataset__name=DATASET)
    if sort == "number":
        found = found.filter(number=NUMBER)
    if sort == "successful":
        found = found.filter(state=RunState.SUCCEEDED)
    columns = (
        *("pk", "number", "dataset__certified", "state", "modified_at"),
        *("spec", "logs", "error_log", "stats"),
    )
    return _compiled(found.order_by("-number").values_list(*columns)[:1])


@cache
def _reported() -> tuple[str, tuple[Any, ...]]:
    found = Pipeline.objects.filter(revision_id=REVISION, reported=True).in_order()
    columns = ("pipeline_id", "title", "state", "stats", "error_log")
    return _compiled(found.values_list(*columns))


def _compiled(queryset: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    sql, params = queryset.query.sql_with_params()
    return sql, tuple(params)


def _run(
    statement: tuple[str, tuple[Any, ...]], places: dict[Any, Any]
) -> list[tuple[Any, ...]]:
    sql, params = statement
    with connection.cursor() as cursor:
        cursor.execute(sql, [places.get(one, one) for one in params])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
