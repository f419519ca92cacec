"""What is wrong with asking several to make one export, and with several files."""

from collections.abc import Iterator

from exports.faulty import Fault, url_faults
from exports.origins import is_file, is_url
from exports.request import Configuration, Paging
from exports.sources.page_ranges import range_fault
from tasks.outbound import BadUrl
from tasks.outbound.urls import parse


def files_faults(configuration: Configuration) -> Iterator[Fault]:
    urls = configuration.source_urls or []
    for number, url in enumerate(urls):
        yield from url_faults(url, ("source_urls", number))
    if not urls:
        return
    for name in ("source_url", "db_url", "table", "query", "page_limit"):
        if getattr(configuration, name) is not None:
            why = f"Give `source_urls` or `{name}`, not both"
            yield Fault((name,), "conflict", why)
    if isinstance(configuration.paging, Paging):
        yield Fault(("paging",), "conflict", "`source_urls` are files, without pages")
    secret = configuration.headers or configuration.auth
    if secret and len({_origin(url) for url in urls}) > 1:
        why = "`headers` and `auth` go to one origin, and these are several"
        yield Fault(("source_urls",), "conflict", why)


def _origin(url: str) -> object:
    try:
        target = parse(url)
    except BadUrl:
        return None  # told already
    return target.scheme, target.host, target.port


def workers_faults(configuration: Configuration) -> Iterator[Fault]:
    if (configuration.workers or 1) == 1 or configuration.source_urls:
        return
    url = configuration.source_url or configuration.db_url or ""
    if url and not is_url(url):
        why = "A named database is read by one worker"
        yield Fault(("workers",), "conflict", why)
    elif is_file(configuration, url):
        why = "One file is read by one worker; several workers take `source_urls`"
        yield Fault(("workers",), "conflict", why)
    else:
        paging = configuration.paging
        asked = paging if isinstance(paging, Paging) else Paging()
        if why := range_fault(asked, configuration.page_limit):
            yield Fault(("workers",), "conflict", why)


def cluster_faults(configuration: Configuration, *, has_one: bool) -> Iterator[Fault]:
    if configuration.compute is None:
        return
    if not has_one:
        why = "This service has no cluster: its operator names one in COMPUTE_URL"
        yield Fault(("compute",), "not_offered", why)
    url = configuration.source_url or configuration.db_url or ""
    asked = configuration.paging
    paging = asked if isinstance(asked, Paging) else Paging()
    for name, why in (
        ("workers", "The cluster has workers of its own: leave `workers` out"),
        ("rate_limit", "A rate is kept by the service alone: leave `compute` out"),
    ):
        if getattr(configuration, name) is not None:
            yield Fault((name,), "conflict", why)
    if url and not is_url(url):
        why = "A named database is read by the service itself, not by a cluster"
        yield Fault(("compute",), "conflict", why)
        return
    is_paged = not (configuration.source_urls or is_file(configuration, url))
    if is_paged and (why := range_fault(paging, configuration.page_limit)):
        yield Fault(("compute",), "conflict", why)
