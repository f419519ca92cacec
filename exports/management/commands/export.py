"""Export a table from an address or a local file, without a server."""

import os
import signal
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from exports.faults import faults_told
from exports.management.drafts import draft_of
from exports.management.local import Local, Written
from exports.management.options import (
    OptionError,
    add_options,
    configuration_of,
    pair,
)
from exports.management.progress import Progress
from exports.origins import is_url
from tasks.errors import WorkFailed
from tasks.outbound.urls import parse

STOPPED = 130  # as shells say of who was interrupted


class Command(BaseCommand):
    help = "Fetch or read a table, change it and write it, on this machine alone."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(joined(argv))
        except SystemExit as end:
            if end.code == STOPPED:
                # A library's thread may wait where no signal reaches it, for what
                # never comes; Python would wait for that thread.
                sys.stderr.flush()
                os._exit(STOPPED)
            raise

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)

    def handle(self, **options: Any) -> None:
        before = signal.signal(signal.SIGTERM, _interrupt)
        progress = Progress(sys.stderr)
        try:
            written = self._export(options, progress)
        except (OptionError, WorkFailed) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(_said(error)) from None
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped; nothing was written.", returncode=STOPPED
            ) from None
        finally:
            signal.signal(signal.SIGTERM, before)
            progress.end()
        for note in written.notes:
            self.stderr.write(f"{note}.")
        told = progress.summary(rows=written.rows, size_bytes=written.size_bytes)
        self.stderr.write(f"{told}")
        if options["to"] != "-":
            self.stdout.write(options["to"])

    def _export(self, options: dict[str, Any], progress: Progress) -> Written:
        configuration = configuration_of(options)
        rename = dict(pair(one, "--rename") for one in options["rename"])
        source = options["source"]
        local = Local(configuration, rename, progress)
        where = parse(source).shown if is_url(source) else source
        with draft_of(options["to"]) as out, faults_told(where):
            return local.run(source, out)


def joined(argv: list[str]) -> list[str]:
    """Write `--sort -name` as `--sort=-name`, which would else be another option."""
    words: list[str] = []
    for word in argv:
        if words and words[-1] == "--sort":
            words[-1] = f"--sort={word}"
        else:
            words.append(word)
    return words


def _said(error: OSError) -> str:
    if isinstance(error, BrokenPipeError):
        # Python would try to write what is left once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return "The reader of the output has left."
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}."


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
