"""The encoding of a text is detected, and a declared one wins."""

# ruff: noqa: RUF001 - letters of other scripts are the point here

import pytest

from exports.tables import Dialect
from exports.tables.errors import BadEncoding
from tests.exports.tables.reading import read

WESTERN = "país,señor\nEspaña,Álvaro\nMéxico,Ángel\n"
RUSSIAN = "город,страна\nМосква,Россия\nКазань,Россия\nСамара,Россия\n" * 5
POLISH = "miasto,opis\nŁódź,zażółć gęślą jaźń\nKraków,piękna pogoda dziś\n" * 5
JAPANESE = "都市,国\n東京,日本です\n大阪,日本です\n京都は古い,こんにちは世界\n" * 5


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (WESTERN, "utf-8"),
        (WESTERN, "utf-8-sig"),
        (WESTERN, "latin-1"),
        ("a,b\n“x” – €,2\n", "cp1252"),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (WESTERN, "utf-16"),
        (WESTERN, "utf-16-le"),
        (WESTERN, "utf-16-be"),
        (WESTERN, "utf-32"),
    ],
)
def test_the_encoding_is_detected(text: str, encoding: str) -> None:
    names, rows = read(text.encode(encoding))

    assert [",".join(names), *map(",".join, rows)] == text.splitlines()


def test_a_declared_encoding_wins() -> None:
    content = "a,b\nž,š\n".encode("iso8859_2")

    assert read(content, dialect=Dialect(encoding="iso-8859-2"))[1] == [("ž", "š")]


def test_a_wrong_declared_encoding_is_named_with_its_row_and_column() -> None:
    content = b"a,b\n1,2\n1,caf\xe9\n"

    with pytest.raises(BadEncoding, match="Row 3, column 'b'") as caught:
        read(content, dialect=Dialect(encoding="utf-8"))

    assert (caught.value.row, caught.value.column) == (3, "b")


def test_a_file_that_turns_out_not_to_be_utf8_later_on_is_refused() -> None:
    content = b"a,b\n" + b"1,2\n" * 400_000 + b"3,caf\xe9\n"

    with pytest.raises(BadEncoding, match="Row 400002, column 'b'"):
        read(content)


def test_bytes_that_the_declared_encoding_lacks_are_refused() -> None:
    with pytest.raises(BadEncoding, match="not valid utf-16-le"):
        read(b"a\0,\0b\0\n\0\x00\xd8x\0", dialect=Dialect(encoding="utf-16-le"))


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "base64", "x\0y"])
def test_an_encoding_that_does_not_exist_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding, match="No encoding of text"):
        read(b"a,b\n1,2\n", dialect=Dialect(encoding=encoding))
