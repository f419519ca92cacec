"""Text as it is searched: without regard to case, or to how it was encoded."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from django.db import models


def folded(text: str) -> str:
    # Here, because SQLite by itself only knows the case of ASCII.
    return unicodedata.normalize("NFKC", text).casefold()


class FoldedField(models.TextField[str, str]):
    """A copy of other fields of the row, folded whenever the row is saved."""

    def __init__(self, *args: Any, of: tuple[str, ...] = (), **options: Any) -> None:
        self.of = of
        super().__init__(*args, **options | {"editable": False, "default": ""})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Describe it to migrations, for which it is the column alone."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 - Django's signature
        text = folded("\n".join(getattr(model_instance, name) for name in self.of))
        setattr(model_instance, self.attname, text)
        return text
