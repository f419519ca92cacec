"""Lists in the admin that stay quick with a million rows."""

import re
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import CharField, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

MOST_COUNTED = 10_000
MOST_RELATED = 50
HEX = re.compile(r"[0-9a-f]{4,}")


class CappedPaginator(Paginator[Any]):
    """Counts no further than a person turns pages; `is_capped` says that it stopped."""

    @cached_property
    def found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MOST_COUNTED + 1].count())

    @property
    def count(self) -> int:
        return min(self.found, MOST_COUNTED)

    @property
    def is_capped(self) -> bool:
        return self.found > MOST_COUNTED


class KeysetChangeList(ChangeList):
    """Goes on from the last row where the pages end, by the column it is ordered by."""

    def older_url(self) -> str:
        """Return where the next rows are; empty unless this is the last page."""
        column = getattr(self.model_admin, "keyset", "")
        last_page = self.page_num == self.paginator.num_pages
        if not column or not self.paginator.is_capped or not last_page:
            return ""
        rows = list(self.result_list)
        if not rows or ORDER_VAR in self.params:
            return ""
        value = rows[-1].pk if column == "pk" else getattr(rows[-1], column)
        told = value.isoformat() if hasattr(value, "isoformat") else value
        after = {f"{self._named(column)}": told}
        return self.get_query_string(after, remove=[PAGE_VAR])

    def _named(self, column: str) -> str:
        # Of equal times some rows are shown again: none is left out.
        return f"{self.pk_attname}__lt" if column == "pk" else f"{column}__lte"


class ManyRowsAdmin(admin.ModelAdmin[Any]):
    """For tables that grow for ever: no list counts, sorts or looks through all rows.

    - `ordering` must be that of an index, the newest first; `keyset` is its column
      ("pk" for an id that counts up), by which the list goes on after its last page.
    - `sortable_by` names the other columns that an index sorts by.
    - `search_fields` are tried in turn, and the first that fits decides: "=id" an exact
      value of an indexed column, "^digest" the beginning of a hash, "^client__name" the
      beginning of a text in a small table that the rows refer to.
    - `list_filter` holds only what has its choices in the code (and, if it is rare, an
      index): never a plain text field, whose choices are read from all rows.
    - What is shown of other tables is in `list_select_related`, or annotated as a
      subquery: a join that is grouped reads everything.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    sortable_by: ClassVar[tuple[str, ...]] = ()
    keyset = ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        for field in self.get_search_fields(request):
            found = matching(self.model, str(field), term)
            if found is not None:
                return queryset.filter(found), False
        return queryset.none(), False


def matching(model: Any, field: str, term: str) -> Q | None:
    """Return the condition for a term in a search field; None if it cannot be there."""
    how, path = field[0], field[1:]
    *relations, name = path.split(LOOKUP_SEP)
    if relations:
        return _related(model, relations, how, name, term)
    if how == "=":
        return _exactly(model, name, term)
    if not HEX.fullmatch(term.lower()):
        return None
    # Said as a range, so that every database finds it in an index.
    return Q(**{f"{name}__gte": term.lower(), f"{name}__lt": f"{term.lower()}g"})


def _exactly(model: Any, name: str, term: str) -> Q | None:
    column: Any = model._meta.get_field(name)  # noqa: SLF001 - documented API
    column = getattr(column, "target_field", column)
    try:
        value = column.to_python(term)
        column.run_validators(value)
    except ValidationError:
        return None
    found = Q(**{name: value})
    # Any text may be a text's value: then it is one only if it is there.
    is_text = isinstance(column, CharField)
    return found if not is_text or model.objects.filter(found).exists() else None


def _related(
    model: Any, relations: list[str], how: str, name: str, term: str
) -> Q | None:
    target: Any = model
    for relation in relations:
        target = target._meta.get_field(relation).related_model  # noqa: SLF001
    lookup = f"{name}__istartswith" if how == "^" else name
    keys = target.objects.filter(**{lookup: term}).values_list("pk", flat=True)
    found = list(keys[:MOST_RELATED])
    return Q(**{f"{LOOKUP_SEP.join(relations)}__in": found}) if found else None
