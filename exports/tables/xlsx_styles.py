"""The styles of a workbook's cells: how a number is shown that is a date or a time."""

from dataclasses import dataclass

HEADER = 1
DATE = 2
EPOCH = 25_569  # 1970-01-01, as a workbook counts days
DAYS = 2_958_466  # after so many the calendar ends
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Clock:
    """A kind of time: its styles, where it begins, and what it can hold."""

    style: int
    parts_style: int  # with parts of a second
    epoch: int  # in days
    first_ms: int
    last_ms: int


# Before March 1900 the calendar has a day that never was: 61 is the first true day.
DATETIME = Clock(3, 4, EPOCH, (61 - EPOCH) * DAY_MS, (DAYS - EPOCH) * DAY_MS - 1)
TIME = Clock(5, 6, 0, 0, DAY_MS - 1)
DURATION = Clock(7, 8, 0, 0, DAYS * DAY_MS - 1)

# In the order of the numbers above, from 2 on.
FORMATS = (
    "yyyy-mm-dd",
    "yyyy-mm-dd hh:mm:ss",
    "yyyy-mm-dd hh:mm:ss.000",
    "hh:mm:ss",
    "hh:mm:ss.000",
    "[h]:mm:ss",
    "[h]:mm:ss.000",
)
OWN = 164  # the first number that is free for formats of one's own


def styles_xml() -> str:
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{code}"/>'
        for number, code in enumerate(FORMATS, OWN)
    )
    styles = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1"/>'
        for number, _ in enumerate(FORMATS, OWN)
    )
    return (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<numFmts count="{len(FORMATS)}">{formats}</numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border>'
        '</borders><cellStyleXfs count="1">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(FORMATS) + 2}">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        f"{styles}</cellXfs>"
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
        "</cellStyles></styleSheet>"
    )
