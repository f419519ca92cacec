"""The service's own settings, plus the kinds of job that tests ask for."""

from config.settings import *  # noqa: F403 - settings are made of names
from config.settings import JOB_FOLLOWERS, JOB_HANDLERS

JOB_HANDLERS = {
    **JOB_HANDLERS,
    "test.steps": "tests.support.handlers.steps",
    "test.restarts": "tests.support.handlers.restarts",
    "test.hangs": "tests.support.handlers.hangs",
    "test.flaky": "tests.support.handlers.flaky",
    "test.dies": "tests.support.handlers.dies",
}
JOB_FOLLOWERS = {**JOB_FOLLOWERS}
