"""The processors by name: ours, and those that installed packages announce."""

import logging
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from tasks.errors import EntrepotError
from tasks.models import ResultType
from tasks.processors.archive import Archive
from tasks.processors.base import Processor
from tasks.processors.catalogue import Catalogue
from tasks.processors.gallery import Gallery

GROUP = "entrepot.processors"
BUILT_IN: tuple[Processor, ...] = (Archive(), Catalogue(), Gallery())

log = logging.getLogger(__name__)


class NoSuchProcessor(EntrepotError):
    """No processor has that name."""

    def __init__(self, name: str) -> None:
        known = ", ".join(known_names())
        super().__init__(f"There is no processor {name[:100]!r}; there are: {known}.")
        self.name = name


def find(name: str) -> Processor:
    try:
        return _all()[name]
    except KeyError as error:
        raise NoSuchProcessor(name) from error


def known_names() -> list[str]:
    return sorted(_all())


@cache
def _all() -> MappingProxyType[str, Processor]:
    """Read the entry points once; one that cannot be loaded is left out and logged.

    One names a processor, or what makes it when called without arguments. It is found
    by the entry point's name; none replaces one of ours.
    """
    found = {processor.name: processor for processor in BUILT_IN}
    for point in entry_points(group=GROUP):
        if point.name in found:
            log.error("processor name taken", extra={"processor": point.name})
            continue
        try:
            found[point.name] = _made(point.load())
        except Exception:
            log.exception("processor not loaded", extra={"processor": point.name})
    return MappingProxyType(found)


def _made(named: Any) -> Processor:
    made = named() if isinstance(named, type) or not hasattr(named, "run") else named
    if not callable(made.run):
        raise TypeError(f"{made!r} cannot run.")
    ResultType(made.result_type)  # or it is no processor
    checked: Processor = made
    return checked
