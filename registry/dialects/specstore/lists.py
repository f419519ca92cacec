"""What the original lacks: an owner's datasets and a dataset's revisions, as lists."""

from django.http import HttpResponse
from rest_framework.request import Request

from registry import listing
from registry.dialects.ownership import is_owner
from registry.dialects.paging import BadPage, cursor, read_page
from registry.dialects.specstore import wire
from registry.dialects.specstore.views import SpecstoreView
from registry.errors import NoSuchRevision

DATASETS, REVISIONS = "d", "r"


class ListView(SpecstoreView):
    cors_headers = "auth-token, authorization"

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override] # our replies are plain Django
        match exc:
            case BadPage():
                body = {"error": "Bad Request", "message": str(exc)}
                return self.reply(body, status=400)
            case NoSuchRevision():
                return self.reply({"error": "Not Found"}, status=404)
        return super().handle_exception(exc)


class Datasets(ListView):
    def get(self, request: Request, owner: str) -> HttpResponse:
        asked = read_page(request, kind=DATASETS)
        page = listing.list_datasets(
            owner=owner,
            words=asked.words,
            is_owner=is_owner(request, owner),
            after=asked.after,
            limit=asked.limit,
        )
        rows = [wire.dataset_entry(one) for one in page.rows]
        return self.reply({"datasets": rows, "next": cursor(DATASETS, page.last)})


class Revisions(ListView):
    def get(self, request: Request, owner: str, dataset: str) -> HttpResponse:
        asked = read_page(request, kind=REVISIONS)
        page = listing.list_revisions(
            owner=owner,
            dataset=dataset,
            is_owner=is_owner(request, owner),
            after=asked.after,
            limit=asked.limit,
        )
        rows = [wire.revision_entry(owner, dataset, one) for one in page.rows]
        return self.reply({"revisions": rows, "next": cursor(REVISIONS, page.last)})
