"""What no single field of a configuration shows to be wrong with it."""

import re
from collections.abc import Iterable, Iterator

from exports.faulty import Fault as Fault
from exports.faulty import url_faults
from exports.origins import is_url
from exports.request import BasicAuth, BearerAuth, Configuration, Paging
from exports.shared_faults import cluster_faults, files_faults, workers_faults
from exports.sources.named import Database, Databases
from exports.tables.errors import BadRule
from exports.tables.fields import TYPES
from exports.tables.rules import parse_rule
from tasks.archive.names import safe_name
from tasks.outbound import Blocked
from tasks.outbound.headers import check_headers
from tasks.outbound.urls import parse

ANYWHERE = parse("http://source/")
DRIVE = re.compile(r"[A-Za-z]:")
OTHER_SOURCE = (
    "Input should be an http(s) URL or the name of a connection in SOURCE_DATABASES; "
    "a database's own URL or a path is not taken"
)


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
    yield from files_faults(configuration)
    yield from workers_faults(configuration)
    yield from cluster_faults(configuration, has_one=cluster)
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
    yield from url_faults(configuration.source_url, ("source_url",))
    named: Database | None = None
    if is_url(configuration.db_url):
        yield from url_faults(configuration.db_url, ("db_url",))
    elif configuration.db_url is not None:
        named = databases.get(configuration.db_url)
        if named is None:
            yield Fault(("db_url",), "source_database", OTHER_SOURCE)
    yield from _of_database(configuration, named)


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
