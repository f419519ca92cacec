"""What a request comes to: where its rows are, what is done to them, what they make."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from exports.errors import NoSource
from exports.origins import is_file
from exports.request import BasicAuth, Configuration, Input, Paging
from exports.services import source_url_of
from exports.sources.page_requests import PagedSource
from exports.tables import Transform, WriteOptions
from exports.tables.aggregates import Aggregate
from exports.tables.columns import ColumnInput
from exports.tables.sorting import SortKey
from tasks.errors import WorkFailed
from tasks.outbound.urls import parse

MEMBER = "data"  # the name of a zip's one member, as contract 3.4.1 has it


class Kind(Enum):
    FILE = "file"  # one file, of any format
    FILES = "files"  # several, one after another
    PAGES = "pages"  # JSON, a page at a time
    DATABASE = "database"  # a table or a named query of SOURCE_DATABASES


@dataclass(frozen=True, slots=True)
class Origin:
    kind: Kind
    where: str  # a URL, or the database's name

    @property
    def shown(self) -> str:
        """The source as people may see it: a query string often holds secrets."""
        return self.where if self.kind is Kind.DATABASE else parse(self.where).shown


def origin_of(configuration: Configuration) -> Origin:
    """Tell where the rows come from: an address of the web, or a named database.

    Without a word about paging, a source is paged JSON, as in contract 3.4.1, unless
    its format or the ending of its address says that it is a file of another kind.
    """
    url = source_url_of(configuration)
    if configuration.source_urls:
        return Origin(Kind.FILES, configuration.source_urls[0])
    if url is not None:
        return Origin(Kind.FILE if is_file(configuration, url) else Kind.PAGES, url)
    if configuration.db_url is None:
        raise WorkFailed("no_source", str(NoSource()))
    return Origin(Kind.DATABASE, configuration.db_url)


def paged_source(configuration: Configuration, url: str) -> PagedSource:
    asked = configuration.paging
    paging = asked if isinstance(asked, Paging) else Paging()
    return PagedSource(
        url=url,
        paging=paging,
        size=paging.size or settings.EXPORT_PAGE_SIZE,
        headers=headers_of(configuration),
        source_format=configuration.source_format or "",
        rate_limit=configuration.rate_limit,
        page_limit=configuration.page_limit,
    )


def headers_of(configuration: Configuration) -> dict[str, str]:
    """Return the secret headers that the source is asked with."""
    headers = dict(configuration.headers or {})
    auth = configuration.auth
    if isinstance(auth, BasicAuth):
        pair = b64encode(f"{auth.username}:{auth.password}".encode())
        return headers | {"Authorization": f"Basic {pair.decode()}"}
    return headers | {"Authorization": f"Bearer {auth.token}"} if auth else headers


def transform_of(inputs: Sequence[Input], configuration: Configuration) -> Transform:
    """Return the changes to a table; their order is that of `Transform`.

    The inputs' `column` counts in the columns that were fetched.
    """
    return Transform(
        types=configuration.types or {},
        filter=configuration.filter or "",
        group_by=tuple(configuration.group_by or ()),
        aggregates=tuple(
            Aggregate(one.function, one.column, one.name or "")
            for one in configuration.aggregates or ()
        ),
        select=tuple(configuration.select or ()),
        inputs=tuple(
            ColumnInput(one.name or "", one.column, one.change_order) for one in inputs
        ),
        sort=tuple(
            SortKey(one.column, one.descending) for one in configuration.sort or ()
        ),
        limit=configuration.limit,
    )


def is_blocking(configuration: Configuration) -> bool:
    """Tell whether no row comes out before all have gone in."""
    steps = (configuration.group_by, configuration.aggregates, configuration.sort)
    return any(steps)


def write_options(configuration: Configuration) -> WriteOptions:
    return WriteOptions(
        neutralise_formulas=configuration.neutralise_formulas,
        inner=configuration.inner_type,
        member=MEMBER,
    )
