"""Data sets as people look at them: all, an owner's, one, and what changed in it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from registry import history, listing, shown
from registry.dialects.ownership import is_owner
from registry.dialects.pages import told
from registry.dialects.paging import BadPage, read_page
from registry.errors import NoSuchRevision
from registry.tokens import query_of
from tasks.dialects import page

LISTED = "d"  # the letter in the cursors of lists of data sets


class Page(View):
    """A page that may be read; its faults are pages too."""

    http_method_names = ("get", "head", "options")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            reply = super().dispatch(request, *args, **kwargs)
        except NoSuchRevision:
            return page.stop(404)
        except BadPage as error:
            return page.stop(400, str(error))
        # What may be seen depends on who asks, and on how the work goes on.
        reply.headers.setdefault("Cache-Control", "private, no-cache")
        return reply


class Home(Page):
    def get(self, request: HttpRequest) -> HttpResponse:
        asked = read_page(request, kind=LISTED)
        found = listing.list_public(
            words=asked.words, after=asked.after, limit=asked.limit
        )
        context = told.listed(found, asked, kind=LISTED)
        return render(request, "registry/home.html", context)


class Owner(Page):
    def get(self, request: HttpRequest, owner: str) -> HttpResponse:
        asked = read_page(request, kind=LISTED)
        found = listing.list_datasets(
            owner=owner,
            words=asked.words,
            is_owner=is_owner(request, owner),
            after=asked.after,
            limit=asked.limit,
        )
        context = {**told.listed(found, asked, kind=LISTED), "owner": owner}
        return render(request, "registry/owner.html", context)


class OneDataset(Page):
    def get(
        self, request: HttpRequest, owner: str, dataset: str, revision: str = ""
    ) -> HttpResponse:
        found = shown.show(
            owner=owner,
            dataset=dataset,
            word=revision or None,
            is_owner=lambda: is_owner(request, owner),
        )
        others = self._others(request, owner, dataset)
        wanted = query_of(request).get("table", "")
        context = told.dataset(found, others, table=wanted)
        return render(request, "registry/dataset.html", context)

    def _others(
        self, request: HttpRequest, owner: str, dataset: str
    ) -> listing.Page[listing.RevisionEntry]:
        """List the revisions that the caller may find; of an unlisted set, none."""
        try:
            return listing.list_revisions(
                owner=owner,
                dataset=dataset,
                is_owner=is_owner(request, owner),
                after=None,
                limit=told.MOST_REVISIONS,
            )
        except NoSuchRevision:
            return listing.Page([], last=None)


class Changes(Page):
    def get(self, request: HttpRequest, owner: str, dataset: str) -> HttpResponse:
        query = query_of(request)
        change = history.compare(
            owner=owner,
            dataset=dataset,
            before=query.get("a", ""),
            after=query.get("b", ""),
            is_owner=lambda: is_owner(request, owner),
        )
        reply = render(request, "registry/changes.html", told.changes(change))
        if change.retry_after_s is not None:
            reply["Refresh"] = str(change.retry_after_s)  # until all is known
        return reply
