"""The live settings, plus the waiting doors that tests ask for."""

from tests.support.live_settings import *  # noqa: F403 - settings are made of names

_here = "tests.support.doors"
_id = r"(?P<job_id>[0-9a-f-]{36})"
WAITING_DOORS = [
    ("websocket", rf"/test/follow/{_id}", f"{_here}.follow"),
    ("websocket", "/test/echo", f"{_here}.echo"),
    ("websocket", "/test/fails", f"{_here}.fails"),
    ("websocket", "/test/refuses", f"{_here}.refuses"),
    ("websocket", "/test/unknown", f"{_here}.unknown"),
    ("websocket", "/test/waits", f"{_here}.waits"),
    ("GET", rf"/test/wait/{_id}", f"{_here}.wait"),
    ("GET", rf"/test/stream/{_id}", f"{_here}.stream"),
    ("POST", "/test/body", f"{_here}.body"),
    ("GET", "/test/breaks", f"{_here}.breaks"),
    ("GET", "/test/memory", f"{_here}.memory"),
    ("GET", "/test/sleeps", f"{_here}.sleeps"),
]
