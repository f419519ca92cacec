"""Events as JSON, each an object without the keys that it lacks.

Events are joined by a comma and a line end, which no JSON text holds inside: so they
can be told apart again without parsing.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from exports.events.names import INSERTED, OURS, UUID, is_internal
from exports.tables.xlsx_rows import joined, text_bytes

BETWEEN = b",\n"
PLAIN = {"\\": "\\\\", '"': '\\"'}
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
ODD = bytes(range(32))
ESCAPES = {chr(code): f"\\u{code:04x}" for code in ODD} | SHORT | PLAIN


def key_order(keys: Sequence[str]) -> list[str]:
    """Put keys into the order in which they are always shown."""
    ours = [key for key in (UUID, INSERTED) if key in keys]
    return ours + sorted(k for k in keys if k not in ours and not is_internal(k))


def json_lines(events: pl.DataFrame, after: str = "") -> pl.Series:
    """Return the object of each event, and what is to stand after each."""
    if not key_order(events.columns):
        return pl.repeat("{}" + after, events.height, eager=True)
    pieces = list(joined(row_pieces(events, after)))
    return events.select(pl.concat_str(pieces).alias("json")).to_series()


def json_bytes(events: pl.DataFrame) -> memoryview:
    """Return the objects of all events, with what stands between them."""
    if not events.height:
        return memoryview(b"")
    text = text_bytes(json_lines(events, BETWEEN.decode()))
    return text[: -len(BETWEEN)]


def row_pieces(events: pl.DataFrame, after: str) -> Iterator[str | pl.Expr]:
    keys = key_order(events.columns)
    sure = next((k for k in keys if not events.get_column(k).has_nulls()), None)
    if sure is None:
        yield pl.concat_str([pl.lit("{"), without_comma(events, keys), pl.lit("}")])
        yield after
        return
    before = keys[: keys.index(sure)]
    yield "{"
    yield from (member(events, key, after=",") for key in before)
    yield from value_pieces(events, sure, f"{quoted(sure)}:", "")
    for key in keys[len(before) + 1 :]:
        if events.get_column(key).has_nulls():
            yield member(events, key, before=",")
        else:
            yield from value_pieces(events, key, f",{quoted(key)}:", "")
    yield "}" + after


def without_comma(events: pl.DataFrame, keys: list[str]) -> pl.Expr:
    """Join members of which any may be lacking."""
    members = [member(events, key, before=",") for key in keys]
    return pl.concat_str([pl.lit(""), *members]).str.slice(1)


def member(
    events: pl.DataFrame, key: str, *, before: str = "", after: str = ""
) -> pl.Expr:
    """Return a key and its value, or nothing where the event lacks it."""
    pieces = joined(value_pieces(events, key, f"{before}{quoted(key)}:", after))
    return pl.concat_str(list(pieces)).fill_null("")


def value_pieces(
    events: pl.DataFrame, key: str, before: str, after: str
) -> Iterator[str | pl.Expr]:
    values = events.get_column(key)
    column = pl.nth(events.get_column_index(key))
    if isinstance(values.dtype, pl.List):
        yield before
        yield list_value(column, odd_characters(values.explode(empty_as_null=True)))
        yield after
        return
    yield before + '"'
    yield escaped(column, "" if key in OURS else odd_characters(values))
    yield '"' + after


def list_value(column: pl.Expr, odd: str) -> pl.Expr:
    text = pl.concat_str(pl.lit('"'), escaped(pl.element(), odd), pl.lit('"'))
    texts = column.list.eval(text).list.join(",")
    several = pl.concat_str(pl.lit("["), texts, pl.lit("]"))
    return pl.when(column.list.len() > 1).then(several).otherwise(texts)


def odd_characters(values: pl.Series) -> str:
    """Tell what there is to escape: nothing, `plain` characters or `all` kinds."""
    if not values.len() or values.null_count() == values.len():
        return ""
    text = bytes(text_bytes(values))
    if len(text.translate(None, ODD)) != len(text):
        return "all"
    return "plain" if b'"' in text or b"\\" in text else ""


def escaped(text: pl.Expr, odd: str) -> pl.Expr:
    if odd == "all":
        return text.str.replace_many(ESCAPES)
    if odd == "plain":
        for character, escape in PLAIN.items():
            text = text.str.replace_all(character, escape, literal=True)
    return text


def quoted(key: str) -> str:
    return '"' + "".join(ESCAPES.get(letter, letter) for letter in key) + '"'
