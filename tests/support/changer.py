"""A process that changes jobs, so that several can do so at once.

python -m tests.support.changer TIMES JOB_ID …
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import django

ROOT = Path(__file__).resolve().parents[2]
LONGEST_PAUSE_S = 0.01


def start(job_ids: list[UUID], *, times: int, url: str) -> "subprocess.Popen[bytes]":
    """Have a process of its own change each job so many times, in any order."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.support.changer"),
            *(str(times), *map(str, job_ids)),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
    )


def main(times: int, job_ids: list[str]) -> None:
    django.setup()
    from tasks.engine.moves import change  # noqa: PLC0415 - needs the settings
    from tasks.models import Job  # noqa: PLC0415

    turns = job_ids * times
    random.shuffle(turns)
    for job_id in turns:
        change(Job.objects.get(pk=job_id))
        time.sleep(random.uniform(0, LONGEST_PAUSE_S))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
