"""Links between the admin's pages: from a row to all that refers to it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MOST = 10  # of one kind; the rest is a list


def page_of(row: Model) -> str:
    """Return the address of a row's page in the admin."""
    return reverse(f"admin:{_named(row)}_change", args=[quote(row.pk)])


def link_to(row: Model | None) -> SafeString | str:
    return "-" if row is None else format_html('<a href="{}">{}</a>', page_of(row), row)


def links_to_all_of(row: Model, *, besides: frozenset[str] = frozenset()) -> SafeString:
    """List what refers to a row, whatever floor it is of; `besides` names relations."""
    lines = [line for one in _relations(row, besides) for line in _lines(row, one)]
    items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
    return format_html('<ul class="links">{}</ul>', items) if lines else SafeString("-")


def lists_of(row: Model) -> SafeString:
    """Link to the lists of what refers to a row, where there may be very much."""
    lines = ((_list_url(row, one), _plural(one)) for one in _relations(row))
    items = format_html_join("", '<li><a href="{}">{}</a></li>', lines)
    return format_html('<ul class="links">{}</ul>', items)


def _relations(row: Model, besides: frozenset[str] = frozenset()) -> Iterator[Any]:
    for relation in _opts(row).related_objects:
        shown = admin.site.is_registered(relation.related_model)
        if shown and relation.get_accessor_name() not in besides:
            yield relation


def _lines(row: Model, relation: Any) -> Iterator[SafeString]:
    found = relation.related_model.objects.filter(**{relation.field.name: row})
    rows = list(found.order_by("-pk")[: MOST + 1])
    name = str(_opts(relation.related_model).verbose_name).capitalize()
    for one in rows[:MOST]:
        yield format_html("{}: {}", name, link_to(one))
    if len(rows) > MOST:
        url = _list_url(row, relation)
        yield format_html('<a href="{}">All {}</a>', url, _plural(relation).lower())


def _list_url(row: Model, relation: Any) -> str:
    column = f"{relation.field.name}__{_opts(row).pk.name}__exact"
    url = reverse(f"admin:{_named(relation.related_model)}_changelist")
    return f"{url}?{urlencode({column: row.pk})}"


def _plural(relation: Any) -> str:
    return str(_opts(relation.related_model).verbose_name_plural).capitalize()


def _named(model: Model | type[Model]) -> str:
    opts = _opts(model)
    return f"{opts.app_label}_{opts.model_name}"


def _opts(model: Model | type[Model]) -> Any:
    return model._meta  # noqa: SLF001 - documented API
