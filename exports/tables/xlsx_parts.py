"""The parts of a workbook besides its rows."""

from collections.abc import Iterable, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

import polars as pl

from exports.tables.types import Schema
from exports.tables.xlsx_styles import HEADER, styles_xml
from exports.tables.xlsx_text import cut, escape_all

XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

TITLE_UNITS = 31
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
WIDTHS: tuple[tuple[type[pl.DataType], int], ...] = (
    (pl.Date, 12),
    (pl.Datetime, 24),
    (pl.Time, 14),
    (pl.Duration, 16),
)  # in characters; what is wider than its column is shown as ####

SHEET_HEAD = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews>"
)
SHEET_TAIL = "</sheetData></worksheet>"


def first_parts() -> dict[str, str]:
    """Return what can be written before the sheets are known."""
    return {
        "_rels/.rels": relations([("officeDocument", "xl/workbook.xml")]),
        "xl/styles.xml": XML + styles_xml(),
    }


def last_parts(titles: Sequence[str]) -> dict[str, str]:
    sheets = "".join(
        f'<sheet name={quoteattr(title)} sheetId="{n}" r:id="rId{n}"/>'
        for n, title in enumerate(titles, 1)
    )
    targets = [
        ("worksheet", f"worksheets/sheet{n + 1}.xml") for n in range(len(titles))
    ]
    return {
        "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations([*targets, ("styles", "styles.xml")]),
        "[Content_Types].xml": content_types(len(titles)),
    }


def relations(targets: Iterable[tuple[str, str]]) -> str:
    found = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    space = f"{PACKAGE}/relationships"
    return f'{XML}<Relationships xmlns="{space}">{found}</Relationships>'


def content_types(sheets: int) -> str:
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(sheet_part(n, root="/"), "worksheet") for n in range(1, sheets + 1)]
    overrides = "".join(
        f'<Override PartName="{name}" ContentType="{TYPE}.{kind}+xml"/>'
        for name, kind in parts
    )
    relations_type = "application/vnd.openxmlformats-package.relationships+xml"
    return (
        f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{relations_type}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def sheet_part(number: int, root: str = "") -> str:
    return f"{root}xl/worksheets/sheet{number}.xml"


def sheet_head(columns: Sequence[str], schema: Schema) -> str:
    """Return all before the rows: the header stays in view, times are wide enough."""
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, name in enumerate(columns, 1)
        for kind, width in WIDTHS
        if isinstance(schema.get(name), kind)
    )
    cols = f"<cols>{widths}</cols>" if widths else ""
    names = escape_all([cut(name) for name in columns])
    cells = "".join(
        f'<c s="{HEADER}" t="inlineStr"><is><t xml:space="preserve">{name}</t></is></c>'
        for name in names
    )
    return f"{SHEET_HEAD}{cols}<sheetData><row>{cells}</row>"


def sheet_title(name: str, number: int) -> str:
    """Return a name that Excel takes: 31 characters at most, some of them forbidden."""
    safe = "".join(c if c.isprintable() else "_" for c in name.translate(FORBIDDEN))
    safe = safe.strip("'") or "Sheet1"
    if safe.casefold() == "history":  # which Excel keeps for itself
        safe += "_"
    suffix = f" ({number})" if number > 1 else ""
    return cut(safe, TITLE_UNITS - len(suffix)) + suffix
