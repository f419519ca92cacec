"""What is fetched into the store before a row is written."""

from collections.abc import Generator

from django.conf import settings

from exports.jobs.progress import SecondHalf
from exports.jobs.work import Made, Work
from exports.plan import headers_of
from exports.sources.fetched import Fetched
from exports.sources.files import FileSource
from tasks.engine.run import Step


def file_sources(work: Work) -> list[FileSource]:
    """Return the files of an export, which are fetched as each is read."""
    return [
        FileSource(
            url,
            policy=settings.OUTBOUND,
            headers=headers_of(work.configuration),
            declared=work.configuration.source_format,
        )
        for url in work.configuration.source_urls or ()
    ]


def write_fetched(work: Work, fetched: Fetched) -> Generator[Step, None, Made]:
    """Write all that was fetched, which is half of the way."""
    for remark in fetched.remarks:
        work.run.note(remark)
    meter = SecondHalf(fetched.rows)
    frames = meter.counted(fetched.table())
    return (yield from work.write(fetched.schema, frames, meter, first_row=1))
