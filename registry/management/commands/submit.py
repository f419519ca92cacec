"""Submit a source spec from a file, as its owner, without a token."""

import sys
from pathlib import Path
from time import sleep
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registry import elsewhere, services
from registry.dialects.specstore.wire import STATES
from registry.errors import NotAuthorised, RefreshFailed
from registry.management.progress import Line, Progress
from registry.models import Pipeline, Revision
from registry.spec import SpecError
from registry.states import ENDED, RunState
from tasks.errors import Refused

LOOK_S = 0.1


class Command(BaseCommand):
    help = "Submit SPEC.json; the revision's id is printed on stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("spec", type=Path)
        parser.add_argument("--wait", action="store_true", help="Watch it to its end.")

    def handle(self, *, spec: Path, wait: bool, **options: Any) -> None:
        revision = self._upload(spec)
        if wait:
            self._watch(revision)
        self.stdout.write(revision.flow_id)
        if wait and revision.state == RunState.FAILED:
            raise CommandError("\n".join(["It failed:", *revision.error_log]))

    def _upload(self, path: Path) -> Revision:
        try:
            contents = orjson.loads(path.read_bytes())
            revision = services.upload(
                contents=contents, max_datasets=None, at=timezone.now()
            )
            elsewhere.refresh()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        except orjson.JSONDecodeError as error:
            raise CommandError(f"{path} is not JSON: {error}") from None
        except (NotAuthorised, SpecError, Refused, RefreshFailed) as error:
            raise CommandError(str(error)) from None
        return revision

    def _watch(self, revision: Revision) -> None:
        progress = Progress(sys.stderr)
        while True:
            revision.refresh_from_db()
            pipelines = revision.pipelines.select_related("job").in_order()
            progress.show(_line(one) for one in pipelines)
            if revision.state in ENDED:
                return
            sleep(LOOK_S)


def _line(pipeline: Pipeline) -> Line:
    job = pipeline.job
    errors = pipeline.error_log or [""]
    waits = job.error if job and job.retries and job.state == "queued" else ""
    return Line(
        id=pipeline.pipeline_id,
        title=pipeline.title,
        state=STATES[RunState(pipeline.state)],
        percent=job.percent if job else None,
        note=errors[0] or waits,
    )
