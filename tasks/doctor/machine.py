"""What this machine gives: room on its disk, and descriptors for connections."""

import resource

from django.conf import settings

from tasks import services
from tasks.doctor.findings import Doubt, Fault

# Beside those that wait: threads, their databases, files, libraries.
OTHER_DESCRIPTORS = 300


def disk_has_room() -> str:
    free_mb, reserve_mb = services.free_megabytes(), settings.DISK_RESERVE_MB
    told = f"{free_mb:,} MB are free in VAR_DIR, {reserve_mb:,} are the reserve."
    if free_mb < reserve_mb:
        raise Fault(told)
    if free_mb < 4 * reserve_mb:
        raise Doubt(told)
    return told


def descriptors_suffice() -> str:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.MAX_WAITS + OTHER_DESCRIPTORS
    told = f"A process may open {most} files; MAX_WAITS asks for {needed}."
    if most < needed:
        raise Doubt(told)
    return told
