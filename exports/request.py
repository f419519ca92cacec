"""What an export is to be: the bodies of contract 3.4.1, with extras of our own."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from tasks.engine.storable import fit

MOST_COLUMNS = 16_384  # as many as a sheet of a workbook has
MOST_WORKERS = 16
LONGEST_NAME = 500
LONGEST_TEXT = 8_000
BIGGEST = 2**63 - 1  # what the databases' integers hold

FileType = Literal["csv", "json", "xlsx", "zip", "ndjson", "parquet"]
InnerType = Literal["csv", "json", "xlsx", "ndjson", "parquet"]
SourceFormat = Literal["csv", "tsv", "json", "ndjson", "xlsx", "parquet"]


def _storable(text: str) -> str:
    """Refuse what PostgreSQL does not store and UTF-8 cannot say."""
    if fit(text) != text:
        raise PydanticCustomError(
            "string_unstorable",
            "Input should be text without NUL characters and lone surrogates",
        )
    return text


Number = Annotated[int, Field(ge=-BIGGEST - 1, le=BIGGEST)]
Count = Annotated[int, Field(ge=1, le=BIGGEST)]
Text = Annotated[
    str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_storable)
]
Name = Annotated[
    str, StringConstraints(max_length=LONGEST_NAME), AfterValidator(_storable)
]
Names = Annotated[list[Name], Field(max_length=MOST_COLUMNS)]


class Input(BaseModel):
    """A column of the source by its place, its new name and its new place."""

    name: Name | None = None
    column: Number | None = None
    change_order: Number | None = None


class _Extra(BaseModel):
    # Only the original's own bodies let unknown fields pass: here they are typos.
    model_config = ConfigDict(extra="forbid")


class Paging(_Extra):
    """How a source hands out its rows in pages."""

    style: Literal["page", "offset", "cursor", "link"] = "page"
    page_param: Name = "page"
    size_param: Name = "limit"
    offset_param: Name = "offset"
    cursor_param: Name = "cursor"
    first_page: Number = 1
    size: Count | None = None  # rows of a page; None: the setting EXPORT_PAGE_SIZE
    items_path: Name = ""  # dotted path to the rows; empty: the page is the array
    cursor_path: Name = ""  # dotted path to the next cursor (style cursor)
    stop_on_short: bool = False  # a page with fewer rows than `size` is the last
    total_limit: Count | None = None  # rows in all


def _as_paging(value: Any) -> Any:
    # Else each fault would be told twice, once for each half of the union.
    if value is None or value == "none" or isinstance(value, Paging):
        return value
    return Paging.model_validate(value)


class BasicAuth(_Extra):
    type: Literal["basic"]
    username: Text
    password: Text


class BearerAuth(_Extra):
    type: Literal["bearer"]
    token: Text


class Aggregate(_Extra):
    function: Literal["count", "sum", "min", "max", "mean", "first"]
    column: Name | None = None  # None only for count
    name: Name | None = None  # of the new column; None: `<function>_<column>`

    @property
    def new_name(self) -> str:
        return self.name or "_".join(filter(None, (self.function, self.column)))


class SortKey(_Extra):
    column: Name
    descending: bool = False


def _as_sort_key(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return {"column": value.removeprefix("-"), "descending": value.startswith("-")}


class Configuration(_Extra):
    """The original's five fields, then extras; what is unset is not echoed."""

    file_type: FileType
    tmp_dir: Text | None = None
    rate_limit: Count | None = None  # requests per second
    page_limit: Count | None = None  # pages
    db_url: Text | None = None  # an http(s) URL, or a name in SOURCE_DATABASES

    source_url: Text | None = None
    source_urls: Annotated[list[Text], Field(min_length=1, max_length=1_000)] | None = (
        None  # files of one table, one after another
    )
    source_format: SourceFormat | None = None
    paging: Annotated[Paging | Literal["none"] | None, BeforeValidator(_as_paging)] = (
        None
    )
    # Secret: sealed when stored, never echoed.
    headers: Annotated[dict[Name, Text], Field(max_length=100)] | None = None
    auth: Annotated[BasicAuth | BearerAuth, Field(discriminator="type")] | None = None
    table: Name | None = None  # of the named database
    query: Name | None = None  # one of its named queries

    types: Annotated[dict[Name, Name], Field(max_length=MOST_COLUMNS)] | None = None
    filter: Text | None = None  # the rule language of contract 3.3.7
    group_by: Names | None = None
    aggregates: Annotated[list[Aggregate], Field(max_length=MOST_COLUMNS)] | None = None
    select: Names | None = None
    sort: (
        Annotated[
            list[Annotated[SortKey, BeforeValidator(_as_sort_key)]],
            Field(max_length=MOST_COLUMNS),
        ]
        | None
    ) = None
    limit: Count | None = None  # rows of the result

    # Jobs that share the work, where the source can be cut; None: one does it all.
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS)] | None = None

    # Made by the cluster that COMPUTE_URL names; None: by the service itself.
    compute: Literal["cluster"] | None = None

    inner_type: InnerType = "csv"  # of the zip's one member
    neutralise_formulas: bool = False
    file_name: Name | None = None  # of the download; None: the task's id


ORIGINAL_FIELDS = ("file_type", "tmp_dir", "rate_limit", "page_limit", "db_url")
SECRET_FIELDS = ("headers", "auth")


class ExportRequest(BaseModel):
    """A snapshot: what a task was started with."""

    inputs: list[Input]
    configuration: Configuration
