"""FetchtoZip's paths; the WebSocket is a line of WAITING_DOORS."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from exports.dialects.fetchtozip import views


class Rest(StringConverter):
    """Whatever a path goes on with, be it nothing."""

    regex = ".*"


register_converter(Rest, "rest")

urlpatterns = [
    path("api/export/inputs", views.Inputs.as_view()),
    path("api/export/bulk-inputs", views.BulkInputs.as_view()),
    path("api/export/inputs-list", views.InputsList.as_view()),
    path("api/export/inputs-clear", views.InputsClear.as_view()),
    path("api/export/configure", views.Configure.as_view()),
    path("api/export/preview", views.Preview.as_view()),
    path("api/export/start", views.Start.as_view()),
    path("api/export/status/<str:task_id>", views.Status.as_view()),
    path("api/export/cancel/<str:task_id>", views.Cancel.as_view()),
    path("api/export/download/<str:task_id>", views.Download.as_view()),
    path("api/export/<rest:path>", views.NotFound.as_view()),
]
