"""The words of `manage.py export`, and the configuration that they make."""

import csv
import os
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exports.origins import is_url
from exports.request import Configuration
from exports.request_faults import faults_of
from exports.tables.formats import BY_EXTENSION

FILE_TYPES = ("csv", "json", "ndjson", "parquet", "xlsx", "zip")
STYLES = ("page", "offset", "cursor", "link", "none")
PAGING_WORDS = {
    "page_size": "rows of a page",
    "page_param": "name of the parameter",
    "size_param": "name of the parameter",
    "offset_param": "name of the parameter",
    "cursor_param": "name of the parameter",
    "first_page": "number of the first page",
    "items_path": "dotted path to the rows",
    "cursor_path": "dotted path to the next cursor",
    "total_limit": "rows in all",
}


class OptionError(Exception):
    """An option makes no sense; the message names it."""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("source", metavar="URL", help="An address, or a local file.")
    parser.add_argument("--to", required=True, help="A file, or - for stdout.")
    parser.add_argument("--format", choices=FILE_TYPES, help="Else by its ending.")
    parser.add_argument("--inner", default="", help="Format of the zip's one member.")
    parser.add_argument("--neutralise-formulas", action="store_true")
    _add_steps(parser)
    _add_source(parser)


def _add_steps(parser: ArgumentParser) -> None:
    steps = parser.add_argument_group("what is done to the rows, in this order")
    pairs: dict[str, Any] = {"action": "append", "default": []}
    steps.add_argument("--types", metavar="COLUMN=TYPE,…", **pairs)
    steps.add_argument("--filter", metavar="RULE")
    steps.add_argument("--group-by", metavar="COLUMN,…", **pairs)
    steps.add_argument("--aggregate", metavar="FUNCTION[:COLUMN[:NAME]]", **pairs)
    steps.add_argument("--select", metavar="COLUMN,…", **pairs)
    steps.add_argument("--rename", metavar="OLD=NEW", **pairs)
    steps.add_argument("--sort", metavar="[-]COLUMN,…", **pairs)
    steps.add_argument("--limit", type=int, metavar="ROWS")


def _add_source(parser: ArgumentParser) -> None:
    source = parser.add_argument_group("how the source is asked")
    source.add_argument("--from-format", default="")
    source.add_argument("--paging", choices=STYLES)
    for word, meaning in PAGING_WORDS.items():
        source.add_argument(f"--{word.replace('_', '-')}", help=meaning)
    source.add_argument(
        "--stop-on-short", action="store_true", help="a page that is not full is last"
    )
    source.add_argument("--rate-limit", type=int, help="requests per second")
    source.add_argument("--page-limit", type=int, help="pages")
    source.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="@FILE or env:NAME reads such lines from there, as others can see "
        "the words of a command.",
    )


def configuration_of(options: dict[str, Any]) -> Configuration:
    """Read the options. Raises OptionError."""
    paths = (options["types"], options["group_by"], options["select"], options["sort"])
    types, group_by, select, sort = (listed(one) for one in paths)
    wanted = {
        "file_type": options["format"] or type_of(options["to"]),
        "inner_type": options["inner"],
        "neutralise_formulas": options["neutralise_formulas"],
        "source_url": options["source"] if is_url(options["source"]) else None,
        "source_format": options["from_format"],
        "paging": paging_of(options),
        "rate_limit": options["rate_limit"],
        "page_limit": options["page_limit"],
        "headers": headers_of(options["header"]),
        "types": dict(pair(one, "--types") for one in types),
        "filter": options["filter"],
        "group_by": group_by,
        "aggregates": [aggregate(one) for one in options["aggregate"]],
        "select": select,
        "sort": sort,
        "limit": options["limit"],
    }
    given = {name: value for name, value in wanted.items() if value or value == 0}
    return checked(given)


def checked(given: dict[str, Any]) -> Configuration:
    try:
        configuration = Configuration.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise OptionError(_said(first["loc"], first["msg"])) from None
    for fault in faults_of(configuration, databases={}, cluster=False):
        raise OptionError(_said(fault.loc, fault.msg))
    return configuration


def _said(place: Iterable[str | int], message: str) -> str:
    return f"{'.'.join(str(part) for part in place)}: {message}."


def type_of(path: str) -> str:
    """Return the format that a file's ending tells; CSV for stdout."""
    known = BY_EXTENSION.get(Path(path).suffix.lower().removeprefix("."))
    if path == "-":
        return "csv"
    if known is None or known.name not in FILE_TYPES:
        raise OptionError(
            f"--to: the ending of {path!r} names no format; end it in one of "
            f"{', '.join(FILE_TYPES)}, or give --format."
        )
    return known.name


def paging_of(options: dict[str, Any]) -> dict[str, Any] | str | None:
    given = {word: options[word] for word in PAGING_WORDS if options[word] is not None}
    if options["stop_on_short"]:
        given["stop_on_short"] = True
    if "page_size" in given:
        given["size"] = given.pop("page_size")
    if options["paging"] == "none":
        return "none"
    if options["paging"]:
        given["style"] = options["paging"]
    return given or None


def listed(texts: Iterable[str]) -> list[str]:
    """Read lists cut by commas; quotes, as in CSV, keep a comma in a name."""
    return [cell for row in csv.reader(texts, skipinitialspace=True) for cell in row]


def pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.rpartition("=")
    if not (left and equals and right):
        raise OptionError(f"{option}: {text!r} is not NAME=VALUE.")
    return left, right


def aggregate(text: str) -> dict[str, str]:
    function, _, rest = text.partition(":")
    column, _, name = rest.partition(":")
    parts = {"function": function, "column": column, "name": name}
    return {word: value for word, value in parts.items() if value}


def headers_of(texts: Iterable[str]) -> dict[str, str]:
    return dict(header for text in texts for header in _headers(text))


def _headers(text: str) -> Iterator[tuple[str, str]]:
    """Give the headers of an option: of its own text, of a file or a variable."""
    for line in _header_text(text).splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            # Not quoted: it may be a secret.
            raise OptionError("--header: a line is not 'NAME: VALUE'.")
        yield name.strip(), value.strip()


def _header_text(text: str) -> str:
    if text.startswith("env:"):
        name = text.removeprefix("env:")
        if name not in os.environ:
            raise OptionError(f"--header: there is no variable {name!r}.")
        return os.environ[name]
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise OptionError(f"--header: {text[1:]}: {reason}.") from None
