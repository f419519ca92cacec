"""The admin's site: its first page is the dashboard, and more than its own tables."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from tasks.dashboard import board


class StaffSite(AdminSite):
    site_header = site_title = "Entrepot"
    index_title = "What is going on"
    index_template = "admin/dashboard.html"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        panels = path("panels", self.admin_view(self.panels), name="panels")
        return [panels, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        told = {"panels": board.panels(user=request.user), **(extra_context or {})}
        return super().index(request, told)

    def panels(self, request: HttpRequest) -> HttpResponse:
        """Show the panels alone, for a page that is open already."""
        shown = {"panels": board.panels(user=request.user)}
        return TemplateResponse(request, "admin/panels.html", shown)
