"""Every door, a line each."""

from django.contrib import admin
from django.urls import include, path

from config import docs, health, openapi

urlpatterns = [
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("openapi.json", openapi.serve),
    path("docs", docs.index),
    path("docs/<slug:name>", docs.page),
    path("admin/", admin.site.urls),
    path("", include("tasks.oidc.urls")),
    path("", include("tasks.dialects.jobs.urls")),
    path("", include("tasks.dialects.common.urls")),
    path("", include("exports.dialects.fetchtozip.urls")),
    path("", include("exports.dialects.databox.urls")),
    path("", include("exports.dialects.sharing.urls")),
    path("", include("exports.dialects.pages.urls")),
    path("", include("registry.dialects.specstore.urls")),
    path("", include("registry.dialects.history.urls")),
    path("", include("registry.dialects.pages.urls")),
    path("", include("registry.dialects.datasets.urls")),
]
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
