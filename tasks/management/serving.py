"""How the web processes of one host are started."""

import os
import shutil
import sys
from ipaddress import ip_address

from django.conf import settings
from django.core.management.base import CommandError

LARGEST_FRAME_BYTES = 1 << 20  # of a WebSocket


def check_hosts(host: str) -> None:
    """Refuse to listen to others without knowing the names that are served."""
    if not _is_loopback(host) and not os.environ.get("ALLOWED_HOSTS"):
        raise CommandError("ALLOWED_HOSTS must name the hosts that are served.")


def web_command(*, host: str, port: int, processes: int) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
        *("--host", host, "--port", str(port), "--workers", str(processes)),
        *("--log-level", "warning", "--no-access-log", "--no-server-header"),
        *("--timeout-graceful-shutdown", "10", "--lifespan", "on"),
        *("--ws", "config.frames:Frames", "--ws-ping-interval", "20"),
        *("--ws-max-size", str(LARGEST_FRAME_BYTES)),
        # A frame is short, and the memory for each connection's dictionary is not.
        *("--ws-ping-timeout", "20", "--ws-per-message-deflate", "false"),
    ]


def web_environment() -> dict[str, str]:
    """Return the environment, with an empty folder to add up the metrics in."""
    folder = settings.VAR_DIR / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
