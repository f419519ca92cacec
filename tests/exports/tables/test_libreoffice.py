"""LibreOffice opens our workbooks and finds the same cells."""

import csv
import io
import shutil
import subprocess
from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import pytest

from tests.exports.tables.made import HOSTILE
from tests.exports.tables.reading import written

SOFFICE = shutil.which("soffice")
# Commas, quotes where needed, UTF-8, and values as they are, not as they are shown.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,{shown},false,false,false,-1"

pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")

AT = datetime.fromisoformat("2020-01-02T03:04:05")
# Characters no XML may hold are escaped; LibreOffice then drops or replaces them.
TEXTS = [text for text in HOSTILE if text.isprintable() or text in "\t\n"]


def opened(content: bytes, folder: Path, *, shown: bool) -> list[list[list[str]]]:
    """Return the cells of every sheet as LibreOffice says them in CSV."""
    (folder / "made.xlsx").write_bytes(content)
    command = [
        *(str(SOFFICE), f"-env:UserInstallation=file://{folder}/profile", "--headless"),
        *("--convert-to", CSV.format(shown=str(shown).lower())),
        *("--outdir", str(folder), str(folder / "made.xlsx")),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    paths = sorted(folder.glob("made*.csv"), key=lambda path: len(path.name))
    texts = [path.read_text("utf-8") for path in paths]
    return [list(csv.reader(io.StringIO(text, newline=""))) for text in texts]


def test_libreoffice_finds_equal_cells(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "n": [1, -(2**53), 2**53 + 1],
            "f": [0.1, 1e300, None],
            "b": [True, False, None],
            "d": [date(2020, 1, 2), date(1899, 12, 31), date(9999, 12, 31)],
            "at": [AT, AT.replace(microsecond=7000), AT.replace(year=1900, month=3)],
            "t": [time(1, 2, 3), time(13), time(23, 59, 59)],
        }
    )

    [sheet, further] = opened(
        written("xlsx", frame, sheet_rows=2), tmp_path, shown=True
    )

    assert sheet[0] == further[0] == frame.columns
    assert [row[2:5] for row in sheet[1:] + further[1:]] == [
        ["TRUE", "2020-01-02", "2020-01-02 03:04:05"],
        ["FALSE", "1899-12-31", "2020-01-02 03:04:05.007"],
        ["", "9999-12-31", "1900-03-02 03:04:05"],
    ]
    assert further[1][0] == str(2**53 + 1)


def test_libreoffice_finds_equal_texts_and_numbers(tmp_path: Path) -> None:
    numbers = [float(n) / 7 for n in range(len(TEXTS))]
    frame = pl.DataFrame({"text": TEXTS, "number": numbers})

    [[names, *rows]] = opened(written("xlsx", frame), tmp_path, shown=False)

    assert names == ["text", "number"]
    assert [row[0] for row in rows] == TEXTS
    assert [float(row[1]) for row in rows] == pytest.approx(numbers)
