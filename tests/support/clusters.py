"""A Dask scheduler with two worker processes, as an operator would start them."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tasks.engine.cluster import die_with
from tests.support.polling import until
from tests.support.processes import Proc, proc
from tests.support.stores import CREDENTIALS

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 60.0


class DaskCluster:
    """The scheduler and its workers; `url` is what COMPUTE_URL is set to."""

    def __init__(self, folder: Path, *, workers: int = 2) -> None:
        self.folder = folder
        self.size = workers
        self.url = ""
        self.workers: list[Proc] = []
        self.scheduler: Proc | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file.unlink(missing_ok=True)
            self.scheduler = self._start(
                stack, "scheduler", "--host", "127.0.0.1", "--port", "0"
            )
            until(self._is_up, within_s=STARTS_WITHIN_S, what="the scheduler is up")
            self.workers = [self.add(stack) for _ in range(self.size)]
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def log(self) -> str:
        return (self.folder / "dask.log").read_text(errors="replace")

    def add(self, stack: ExitStack | None = None) -> Proc:
        """Start one more worker."""
        return self._start(
            stack or self._stack,
            *("worker", self.url, "--no-nanny", "--nthreads", "1"),
            *("--host", "127.0.0.1", "--local-directory", str(self.folder)),
        )

    def _start(self, stack: ExitStack, program: str, *words: str) -> Proc:
        files = ["--scheduler-file", str(self._file)] if program == "scheduler" else []
        parent = os.getpid()
        log = stack.enter_context((self.folder / "dask.log").open("ab"))
        popen = subprocess.Popen(
            [
                *(sys.executable, "-m", f"distributed.cli.dask_{program}"),
                *(*words, *files, "--no-dashboard"),
            ],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                **CREDENTIALS,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: die_with(parent),
        )
        stack.callback(popen.wait, 10)
        stack.callback(popen.kill)
        return proc(popen.pid)

    def _is_up(self) -> bool:
        try:
            self.url = json.loads(self._file.read_text())["address"]
        except (FileNotFoundError, ValueError):
            return False
        return True

    @property
    def _file(self) -> Path:
        return self.folder / "scheduler.json"
