"""Django's admin, with a site of our own."""

from django.contrib.admin.apps import AdminConfig


class StaffConfig(AdminConfig):
    default_site = "tasks.dashboard.site.StaffSite"
