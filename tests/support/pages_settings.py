"""The service's own settings, plus the job that fetches pages, one commit each."""

from config.environment import env_str
from tests.support.live_settings import *  # noqa: F403 - settings are made of names
from tests.support.live_settings import JOB_FOLLOWERS, JOB_HANDLERS

_module = "pages_crash" if env_str("CRASH_PLAN") else "pages"
JOB_HANDLERS = {**JOB_HANDLERS, "test.pages": f"tests.support.{_module}.fetch_each"}
JOB_FOLLOWERS = {**JOB_FOLLOWERS, "test.pages": "exports.follow.export_moved"}
