"""What can go wrong while rows are fetched and written, in words for the caller."""

from collections.abc import Iterator
from contextlib import contextmanager

from exports.tables import TableError
from exports.tables.faults import POLARS, said
from tasks.archive.store import Missing, StoreFull
from tasks.errors import SealBroken, WorkFailed
from tasks.outbound import OutboundError


@contextmanager
def faults_told(where: str) -> Iterator[None]:
    """Raise WorkFailed, with a sentence that says where, for all that is no bug."""
    try:
        yield
    except OutboundError as error:
        raise WorkFailed(
            error.code,
            str(error),
            temporary=error.temporary,
            retry_after_s=error.retry_after_s,
        ) from error
    except TableError as error:
        raise WorkFailed("bad_table", f"{where}: {error}") from error
    except StoreFull as error:
        message = "There is no space left on the service's disk."
        raise WorkFailed("disk_full", message) from error
    except Missing as error:
        message = "What was fetched before is no longer kept."
        raise WorkFailed("file_gone", message, temporary=True) from error
    except SealBroken as error:
        raise WorkFailed("sealed", str(error)) from error
    except POLARS as error:
        message = f"{where}: the rows cannot be exported as asked: {said(error)}."
        raise WorkFailed("bad_table", message) from error
