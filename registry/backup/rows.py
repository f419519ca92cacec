"""A row as JSON, and back; every field but what this database gave it."""

import json
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Field, Model

from registry.errors import BackupError
from registry.models.folded import FoldedField

FORMAT = "entrepot registry"
VERSION = 1
Json = dict[str, Any]
Row = TypeVar("Row", bound=Model)
Kind = TypeVar("Kind")
_NOTHING = object()


def fields_of(model: type[Model]) -> "list[Field[Any, Any]]":
    """Return the fields that are the same wherever the row is kept.

    Keys and relations are not; a backup names rows by what makes them unique.
    """
    return [
        field
        for field in model._meta.concrete_fields  # noqa: SLF001 - documented API
        if not field.primary_key
        and not field.is_relation
        and not isinstance(field, FoldedField)
    ]


def as_json(row: Model) -> Json:
    return {
        field.name: _plain(field.value_from_object(row))
        for field in fields_of(type(row))
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def read_row(model: type[Row], given: Json) -> Row:
    """Make an unsaved row; what is not given has its default.

    Raises:
        BackupError: a field is unknown, or its value is not one it can have.
    """
    known = {field.name: field for field in fields_of(model)}
    if unknown := sorted(set(given) - set(known)):
        raise BackupError(
            f"{unknown[0]!r} is not known here: is it of a later version?"
        )
    return model(**{name: _value(known[name], value) for name, value in given.items()})


def _value(field: "Field[Any, Any]", given: Any) -> Any:
    try:
        value = field.to_python(given)
        field.run_validators(value)
    except (ValidationError, TypeError, ValueError):
        value = _NOTHING
    choices = [word for word, _ in field.flatchoices]
    wrong = choices and value not in choices
    if value is _NOTHING or (value is None and not field.null) or wrong:
        raise BackupError(f"{field.name!r} cannot be {given!r:.100}.")
    return value


def line_of(kind: str, **words: Any) -> str:
    """Write one line: the same row is always the same text."""
    whole = {"kind": kind, **words}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n"


class Line:
    """One line of a backup; what is asked of it is there, or a BackupError."""

    def __init__(self, text: str) -> None:
        try:
            self.words = json.loads(text)
        except (ValueError, RecursionError):
            raise BackupError("It is not JSON, or not all of it.") from None
        if not isinstance(self.words, dict):
            raise BackupError("It is no JSON object.")

    @property
    def kind(self) -> str:
        return self.take("kind", str)

    @property
    def row(self) -> Json:
        return self.take("row", dict)

    def take(self, name: str, type_: type[Kind]) -> Kind:
        value = self.words.get(name)
        if not isinstance(value, type_):
            raise BackupError(f"It has no {name!r}, or one that cannot be.")
        return value
