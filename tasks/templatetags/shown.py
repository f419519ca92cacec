"""How numbers and documents are written in pages."""

from typing import Any

import orjson
from django import template

register = template.Library()


@register.filter
def thousands(number: Any) -> str:
    """Write 1234567 as 1,234,567, and nothing for what is missing."""
    return f"{number:,}" if isinstance(number, int) else ""


@register.filter
def as_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
