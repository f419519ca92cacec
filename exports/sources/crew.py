"""Requests under way, each in a thread of its own that nobody has to wait for."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Event, Lock, Thread
from time import monotonic

from exports.sources.page_links import headers_to
from exports.sources.page_read import Answer
from exports.sources.page_requests import PagedSource, PageRequest
from tasks import outbound

PAGE_BYTES = 64 << 20  # decoded
# A thread may sit in a look-up or a connection attempt, which nothing interrupts;
# it ends by itself when the time for those is up.
PAGE_TIMEOUT_S = 300.0
JOIN_S = 0.5
VALIDATORS = ("ETag", "Last-Modified")


class Flight:
    """One request: waits for its time, is sent, and keeps what came of it."""

    def __init__(
        self,
        source: PagedSource,
        request: PageRequest,
        policy: outbound.Policy,
        wait_s: float,
    ) -> None:
        self.request = request
        self.done = Event()
        self.outcome: Answer | Exception | None = None  # None: it was ended
        self._source = source
        self._policy = policy
        self._at = monotonic() + wait_s
        self._over = Event()
        self._end: Callable[[], None] | None = None
        self._guard = Lock()
        self.thread = Thread(target=self._fly, name="page", daemon=True)

    def end(self) -> None:
        """Have the thread end soon; any thread may call this, at any time."""
        with self._guard:
            self._over.set()
            end = self._end
        if end:
            end()

    def _fly(self) -> None:
        try:
            if not self._over.wait(max(0.0, self._at - monotonic())):
                self.outcome = self._fetch()
        except Exception as error:  # noqa: BLE001 - raised again by who waits for it
            self.outcome = error
        finally:
            self.done.set()

    def _fetch(self) -> Answer:
        url, source = self.request.url, self._source
        with outbound.stream(
            "GET",
            url,
            policy=self._policy,
            headers=headers_to(url, source=source.url, headers=source.headers),
            on_open=self._opened,
        ) as reply:
            reply.raise_for_status()
            if reply.status == 304:
                raise outbound.BadStatus(
                    "Status 304 answers a question for changes, which was not asked.",
                    status=304,
                )
            headers = reply.headers
            return Answer(
                self.request,
                reply.url,
                reply.status,
                headers.get("Content-Type", ""),
                reply.read(PAGE_BYTES),
                headers.get("Link", ""),
                {name: headers[name] for name in VALIDATORS if name in headers},
            )

    def _opened(self, end: Callable[[], None]) -> None:
        with self._guard:
            self._end = end
            over = self._over.is_set()
        if over:
            end()


class Crew:
    """The flights of one source."""

    def __init__(self, source: PagedSource, policy: outbound.Policy) -> None:
        self._source = source
        self._policy = policy
        self._flights: dict[PageRequest, Flight] = {}
        self._left: list[Flight] = []  # ended, but maybe not there yet
        self.stopped = Event()

    def has(self, request: PageRequest) -> bool:
        return request in self._flights

    def send(self, request: PageRequest, *, wait_s: float = 0.0) -> None:
        """Start a request, in the place of an earlier one that is the same."""
        flight = Flight(self._source, request, self._policy, wait_s)
        self._flights[request] = flight
        flight.thread.start()
        if self.stopped.is_set():
            flight.end()

    def is_back(self, request: PageRequest, *, within_s: float) -> bool:
        return self._flights[request].done.wait(within_s)

    def take(self, request: PageRequest) -> Answer | Exception | None:
        """Return what came of a request that is back, and forget it."""
        return self._flights.pop(request).outcome

    def keep_only(self, wanted: Iterable[PageRequest]) -> None:
        """End every request that turned out not to be needed."""
        for request in self._flights.keys() - set(wanted):
            flight = self._flights.pop(request)
            flight.end()
            self._left.append(flight)
        self._left = [flight for flight in self._left if flight.thread.is_alive()]

    def stop(self) -> None:
        """End all that is under way; any thread may call this."""
        self.stopped.set()
        for flight in list(self._flights.values()):
            flight.end()

    def close(self) -> None:
        self.stop()
        self.keep_only(())
        until = monotonic() + JOIN_S
        for flight in self._left:
            flight.thread.join(max(0.0, until - monotonic()))


def page_policy(source: PagedSource, policy: outbound.Policy) -> outbound.Policy:
    """Return what one page may cost; a slow source may think as long as it is told."""
    return replace(
        policy,
        read_timeout_s=source.timeout_s,
        total_timeout_s=min(policy.total_timeout_s, PAGE_TIMEOUT_S),
        max_bytes=min(policy.max_bytes, PAGE_BYTES),
        max_raw_bytes=min(policy.max_raw_bytes, PAGE_BYTES),
    )
