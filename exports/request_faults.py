"""What no single field of a configuration shows to be wrong with it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from exports.origins import is_file
from exports.request import BasicAuth, BearerAuth, Configuration, Paging
from exports.sources.named import Database, Databases
from exports.sources.page_ranges import range_fault
from exports.tables.errors import BadRule
from exports.tables.fields import TYPES
from exports.tables.rules import parse_rule
from tasks.archive.names import safe_name
from tasks.outbound import BadUrl, Blocked
from tasks.outbound.headers import check_headers
from tasks.outbound.urls import parse

ANYWHERE = parse("http://source/")
DRIVE = re.compile(r"[A-Za-z]:")
OTHER_SOURCE = (
    "Input should be an http(s) URL or the name of a connection in SOURCE_DATABASES; "
    "a database's own URL or a path is not taken"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in the words of pydantic's errors."""

    loc: tuple[str | int, ...]
    type: str
    msg: str
    ctx: dict[str, Any] = field(default_factory=dict)


def is_url(text: str | None) -> bool:
    """Tell whether a `db_url` means a source on the web."""
    return text is not None and text.lower().startswith(("http://", "https://"))


def faults_of(
    configuration: Configuration, *, databases: Databases, cluster: bool
) -> Iterator[Fault]:
    """Find what is wrong; `databases` are those in SOURCE_DATABASES.

    `cluster` tells whether the service has one.
    """
    yield from _folder(configuration)
    yield from _source(configuration, databases)
    yield from _secrets(configuration)
    yield from _paging(configuration)
    yield from _files(configuration)
    yield from _workers(configuration)
    yield from _cluster(configuration, has_one=cluster)
    yield from _types(configuration)
    yield from _filter(configuration)
    yield from _groups(configuration)
    yield from _repeats(configuration)
    yield from _file(configuration)


def _folder(configuration: Configuration) -> Iterator[Fault]:
    parts = (configuration.tmp_dir or "").replace("\\", "/").split("/")
    outside = (len(parts) > 1 and not parts[0]) or DRIVE.match(parts[0])
    if outside or ".." in parts:
        yield Fault(
            ("tmp_dir",),
            "folder_outside",
            "Input should be a folder below the service's own: relative, without '..'",
        )


def _source(configuration: Configuration, databases: Databases) -> Iterator[Fault]:
    yield from _url(configuration.source_url, "source_url")
    named: Database | None = None
    if is_url(configuration.db_url):
        yield from _url(configuration.db_url, "db_url")
    elif configuration.db_url is not None:
        named = databases.get(configuration.db_url)
        if named is None:
            yield Fault(("db_url",), "source_database", OTHER_SOURCE)
    yield from _of_database(configuration, named)


def _url(url: str | None, name: str) -> Iterator[Fault]:
    if url is None:
        return
    try:
        parse(url)
    except BadUrl as error:
        authority = url.partition("//")[2].partition("/")[0]
        if "@" in authority:
            why = "Input should hold no user name or password: send `auth` instead"
        else:
            why = f"Input should be an http(s) URL: {error}"
        yield Fault((name,), "url_parsing", why)


def _of_database(
    configuration: Configuration, named: Database | None
) -> Iterator[Fault]:
    table, query = configuration.table, configuration.query
    by_name = named is not None and configuration.source_url is None
    if by_name and table is None and query is None:
        yield Fault(
            ("table",), "missing", "A named database needs a `table` or a `query`"
        )
    if table is not None and query is not None:
        yield Fault(("query",), "conflict", "Give `table` or `query`, not both")
        return
    for name, value in (("table", table), ("query", query)):
        if value is not None and not by_name:
            why = f"`{name}` is for a database named in `db_url`, without `source_url`"
            yield Fault((name,), "conflict", why)
    if named is not None and by_name:
        yield from _not_offered(named, table, query)


def _not_offered(
    database: Database, table: str | None, query: str | None
) -> Iterator[Fault]:
    # What there is instead is not told: the operator lists it, callers ask for it.
    if table is not None and not database.offers(table):
        why = f"The database {database.name!r} offers no table of this name"
        yield Fault(("table",), "not_offered", why)
    if query is not None and query not in database.queries:
        why = f"The database {database.name!r} offers no query of this name"
        yield Fault(("query",), "not_offered", why)


def _secrets(configuration: Configuration) -> Iterator[Fault]:
    headers = configuration.headers or {}
    for name, value in headers.items():
        if not _can_send(name, value):
            why = (
                "This header cannot be sent: its name or value is malformed, "
                "or only this service may set it"
            )
            yield Fault(("headers", name), "header", why)
    auth = configuration.auth
    if auth and "authorization" in map(str.lower, headers):
        why = "Give `auth` or the header Authorization, not both"
        yield Fault(("auth",), "conflict", why)
    if isinstance(auth, BearerAuth) and not _can_send("Authorization", auth.token):
        yield Fault(("auth", "token"), "header", "This token cannot be sent")
    if isinstance(auth, BasicAuth) and ":" in auth.username:
        why = "A user name cannot have a colon (RFC 7617)"
        yield Fault(("auth", "username"), "header", why)


def _can_send(name: str, value: str) -> bool:
    try:
        check_headers({name: value}, ANYWHERE)
    except Blocked:
        return False
    return True


def _paging(configuration: Configuration) -> Iterator[Fault]:
    paging = configuration.paging
    if not isinstance(paging, Paging) or paging.style != "cursor":
        return
    if not paging.cursor_path:
        why = "Paging by cursor needs `cursor_path`: where in a page the next one is"
        yield Fault(("paging", "cursor_path"), "missing", why)


def _files(configuration: Configuration) -> Iterator[Fault]:
    urls = configuration.source_urls or []
    for number, url in enumerate(urls):
        for fault in _url(url, "source_urls"):
            yield replace(fault, loc=("source_urls", number))
    if not urls:
        return
    for name in ("source_url", "db_url", "table", "query", "page_limit"):
        if getattr(configuration, name) is not None:
            why = f"Give `source_urls` or `{name}`, not both"
            yield Fault((name,), "conflict", why)
    if isinstance(configuration.paging, Paging):
        yield Fault(("paging",), "conflict", "`source_urls` are files, without pages")
    secret = configuration.headers or configuration.auth
    if secret and len({_origin(url) for url in urls}) > 1:
        why = "`headers` and `auth` go to one origin, and these are several"
        yield Fault(("source_urls",), "conflict", why)


def _origin(url: str) -> object:
    try:
        target = parse(url)
    except BadUrl:
        return None  # told already
    return target.scheme, target.host, target.port


def _workers(configuration: Configuration) -> Iterator[Fault]:
    if (configuration.workers or 1) == 1 or configuration.source_urls:
        return
    url = configuration.source_url or configuration.db_url or ""
    if url and not is_url(url):
        why = "A named database is read by one worker"
        yield Fault(("workers",), "conflict", why)
    elif is_file(configuration, url):
        why = "One file is read by one worker; several workers take `source_urls`"
        yield Fault(("workers",), "conflict", why)
    else:
        paging = configuration.paging
        asked = paging if isinstance(paging, Paging) else Paging()
        if why := range_fault(asked, configuration.page_limit):
            yield Fault(("workers",), "conflict", why)


def _cluster(configuration: Configuration, *, has_one: bool) -> Iterator[Fault]:
    if configuration.compute is None:
        return
    if not has_one:
        why = "This service has no cluster: its operator names one in COMPUTE_URL"
        yield Fault(("compute",), "not_offered", why)
    url = configuration.source_url or configuration.db_url or ""
    asked = configuration.paging
    paging = asked if isinstance(asked, Paging) else Paging()
    for name, why in (
        ("workers", "The cluster has workers of its own: leave `workers` out"),
        ("rate_limit", "A rate is kept by the service alone: leave `compute` out"),
    ):
        if getattr(configuration, name) is not None:
            yield Fault((name,), "conflict", why)
    if url and not is_url(url):
        why = "A named database is read by the service itself, not by a cluster"
        yield Fault(("compute",), "conflict", why)
        return
    is_paged = not (configuration.source_urls or is_file(configuration, url))
    if is_paged and (why := range_fault(paging, configuration.page_limit)):
        yield Fault(("compute",), "conflict", why)


def _types(configuration: Configuration) -> Iterator[Fault]:
    for column, name in (configuration.types or {}).items():
        if name not in TYPES:
            expected = ", ".join(f"'{known}'" for known in sorted(TYPES))
            why = f"Input should be one of {expected}"
            yield Fault(("types", column), "literal_error", why, {"expected": expected})


def _filter(configuration: Configuration) -> Iterator[Fault]:
    if configuration.filter is None:
        return
    try:
        parse_rule(configuration.filter)
    except BadRule as error:
        yield Fault(
            ("filter",), "rule_parsing", str(error), {"position": error.position}
        )


def _groups(configuration: Configuration) -> Iterator[Fault]:
    aggregates, keys = configuration.aggregates or [], configuration.group_by or []
    for number, one in enumerate(aggregates):
        if one.column is None and one.function != "count":
            why = f"Only `count` needs no column, `{one.function}` does"
            yield Fault(("aggregates", number, "column"), "missing", why)
    made = [*keys, *(one.new_name for one in aggregates)]
    for number in _repeated(made):
        if number >= len(keys):
            why = f"Two columns of the result would be called {made[number]!r}"
            place = number - len(keys)
            yield Fault(("aggregates", place, "name"), "repeated", why)
    if not made:
        return
    for number, name in enumerate(configuration.select or []):
        if name not in made:
            why = f"Grouping leaves no column {name!r} to select"
            yield Fault(("select", number), "unknown_column", why)


def _repeats(configuration: Configuration) -> Iterator[Fault]:
    lists: dict[str, list[str]] = {
        "group_by": configuration.group_by or [],
        "select": configuration.select or [],
        "sort": [key.column for key in configuration.sort or []],
    }
    for field_name, names in lists.items():
        for number in _repeated(names):
            why = f"{names[number]!r} is in the list twice"
            yield Fault((field_name, number), "repeated", why)


def _repeated(names: Iterable[str]) -> Iterator[int]:
    """Give the places of names that came before."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield number
        seen.add(name)


def _file(configuration: Configuration) -> Iterator[Fault]:
    inner = "inner_type" in configuration.model_fields_set
    if inner and configuration.file_type != "zip":
        why = "`inner_type` is for the file type 'zip'"
        yield Fault(("inner_type",), "conflict", why)
    name = configuration.file_name
    if name is not None and not safe_name(name, fallback=""):
        why = "Input should be a file name: nothing usable is left of this one"
        yield Fault(("file_name",), "file_name", why)
