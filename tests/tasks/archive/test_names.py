import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.archive.names import (
    content_disposition,
    media_type,
    safe_name,
    unique_names,
)

NASTY = st.text(
    st.sampled_from("/\\.:%\"';\r\n\0 conauxCOM1é中\u202e\u200b\ud800-_a.csvzip"),
    max_size=300,
)
NAMES = NASTY | st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("gdp.csv", "gdp.csv"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("data/", "data"),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        (".htaccess", "htaccess"),
        ("a\0b\r\nc.csv", "abc.csv"),
        ("gnp\u202efdp.exe", "gnpfdp.exe"),
        ("e\u0301te\u0301.csv", "été.csv"),
        ("\ud800a.csv", "a.csv"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("com1 .txt", "_com1 .txt"),
        ("COM¹", "_COM¹"),
        ("console.log", "console.log"),
        ('a<b>c:"d|e?f*.csv', "a_b_c__d_e_f_.csv"),
        ("trailing. . ", "trailing"),
        ("数据 2024.csv", "数据 2024.csv"),
    ],
)
def test_a_name_is_made_safe(given_name: str, safe: str) -> None:
    assert safe_name(given_name, fallback="file") == safe


def test_a_long_name_keeps_its_ending_and_whole_characters() -> None:
    name = safe_name("數" * 300 + ".csv.gz", fallback="file")

    assert name.endswith("數.csv.gz")
    assert 195 < len(name.encode()) <= 200


@given(NAMES)
def test_a_safe_name_keeps_every_promise(name: str) -> None:
    safe = safe_name(name, fallback="file")

    assert 0 < len(safe.encode()) <= 200
    assert not set(safe) & set('/\\<>:"|?*')
    assert not {unicodedata.category(c) for c in safe} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert safe == safe.strip(" .")
    assert unicodedata.is_normalized("NFC", safe)
    assert safe_name(safe, fallback="other") == safe


def test_equal_names_are_told_apart_without_regard_to_case() -> None:
    names = unique_names(["a.csv", "A.CSV", "a.csv", "a-2.csv", "b.tar.gz", "b.tar.gz"])

    assert names == [
        "a.csv",
        "A-2.CSV",
        "a-3.csv",
        "a-2-2.csv",
        "b.tar.gz",
        "b-2.tar.gz",
    ]


def test_names_that_look_the_same_are_told_apart() -> None:
    assert unique_names(["é.csv", "e\u0301.csv"]) == ["é.csv", "e\u0301-2.csv"]


def test_twenty_thousand_equal_names_take_no_time() -> None:
    names = unique_names(["x" * 190 + ".csv"] * 20_000)

    assert len(set(names)) == 20_000
    assert max(len(name.encode()) for name in names) <= 200


@given(st.lists(st.text(st.sampled_from("aAß-2."), max_size=6), max_size=30))
def test_unique_names_are_unique_whatever_they_were(names: list[str]) -> None:
    unique = unique_names(names)

    assert len({name.casefold() for name in unique}) == len(names)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("gdp.csv", 'attachment; filename="gdp.csv"'),
        (
            "é 1.csv",
            "attachment; filename=\"e 1.csv\"; filename*=UTF-8''%C3%A9%201.csv",
        ),
        (
            "数.csv",
            "attachment; filename=\"download.csv\"; filename*=UTF-8''%E6%95%B0.csv",
        ),
        ("50%.csv", "attachment; filename=\"50_.csv\"; filename*=UTF-8''50%25.csv"),
        ('a"\r\nSet-Cookie: b', 'attachment; filename="a_Set-Cookie_ b"'),
    ],
)
def test_a_header_names_the_file_for_old_and_new_browsers(
    name: str, header: str
) -> None:
    assert content_disposition(name) == header


def test_a_header_can_ask_to_show_the_file() -> None:
    assert content_disposition("a.png", inline=True) == 'inline; filename="a.png"'


@given(NAMES)
def test_a_header_is_one_ascii_line_that_gives_the_name_back(name: str) -> None:
    header = content_disposition(name)
    plain, _, encoded = header.partition("; filename*=UTF-8''")
    quoted = plain.removeprefix('attachment; filename="').removesuffix('"')

    assert header.isascii()
    assert header.isprintable()
    assert not set(quoted) & set('"\\%')
    assert unquote(encoded or quoted) == safe_name(name, fallback="download")


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a.csv", "text/csv; charset=utf-8"),
        ("A.JSON", "application/json"),
        ("a.csv.gz", "application/gzip"),
        ("a.parquet", "application/vnd.apache.parquet"),
        ("a.exe", "application/octet-stream"),
        ("csv", "application/octet-stream"),
    ],
)
def test_the_ending_tells_the_media_type(name: str, type_: str) -> None:
    assert media_type(name) == type_
