"""What the admin's pages load is there to be loaded."""

import re

from django.contrib import admin
from django.contrib.staticfiles import finders

LOADED = re.compile(r'(?:src|href)="/static/([^"]+)"')


def test_no_sheet_or_script_of_the_admin_is_missing() -> None:
    loaded = {
        path
        for one in admin.site._registry.values()
        for path in LOADED.findall(str(one.media))
    }

    assert {"registry/pictures.css", "admin/js/core.js"} <= loaded
    assert [path for path in sorted(loaded) if finders.find(path) is None] == []
