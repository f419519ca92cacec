"""A connection to the cluster that COMPUTE_URL names, for one run of one job."""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from threading import Event, Thread, Timer
from typing import Any, TypeVar, cast

from distributed import CancelledError, Client, KilledWorker
from distributed.comm.core import CommClosedError

from exports.cluster.unwanted import run_step
from tasks.engine.run import Run, Step
from tasks.errors import WorkFailed

CONNECT_S = 5.0
BEAT_S = 0.2
CLOSE_S = 5.0

T = TypeVar("T")
Promise = Any  # a Future of distributed, which has no types
untyped = cast("Any", Client)
Progress = Callable[[int], dict[str, Any]]


class Cluster:
    """Steps sent to the cluster; while they run, the job rests and holds no worker."""

    def __init__(self, run: Run, client: Any, shown: str) -> None:
        self._run = run
        self._client = client
        self._shown = shown
        self._waits_for: list[Promise] = []

    def submit(self, step: Callable[..., Any], *arguments: Any) -> Promise:
        """Have a step run once its arguments are there, which may be futures.

        Whoever drops a future lets the cluster drop what it came to, as soon as the
        steps that were given it have run.
        """
        return self._client.submit(run_step, self._shown, step, *arguments, pure=False)

    def waited(
        self, futures: Sequence[Promise], progress: Progress
    ) -> Generator[Step, None, None]:
        """Wait for steps, and say how many have ended.

        Raises what a step raised, or WorkFailed if the cluster has gone.
        """
        self._waits_for = list(futures)
        while (ended := sum(future.done() for future in futures)) < len(futures):
            for future in futures:
                self._check(future)
            yield self._run.step(**progress(ended))
            yield self._run.step(rest=soon(self._run))
        for future in futures:
            self._check(future)
        yield self._run.step(**progress(len(futures)))

    def results(self, futures: Sequence[Promise]) -> Generator[Step, None, list[Any]]:
        """Return what steps that have ended came to; it must be small."""
        return (yield from aside(self._run, lambda: self._gathered(futures)))

    def close(self) -> None:
        """Cancel what runs and let go, waiting for nobody."""
        Thread(target=self._close, name="cluster", daemon=True).start()

    def _check(self, future: Promise) -> None:
        if self._client.status not in {"running", "connecting"}:
            raise lost("The connection to the cluster broke.")
        if future.status == "error":
            raise named(future.exception(timeout=CONNECT_S))
        # What is "lost" with a worker is made once more.
        if future.status == "cancelled":
            raise lost("The cluster forgot a step that it had been given.")

    def _gathered(self, futures: Sequence[Promise]) -> list[Any]:
        results: list[Any] = self._client.gather(list(futures))
        return results

    def _close(self) -> None:
        with suppress(Exception):  # it may be gone, and nothing is left to be done
            self._client.cancel(self._waits_for, force=True)
        with suppress(Exception):
            self._client.close(timeout=CLOSE_S)


def connected(run: Run, url: str, shown: str) -> Generator[Step, None, Cluster]:
    """Connect to a scheduler. Raises WorkFailed if none answers."""
    given_up = Event()

    def connect() -> Any:
        client = untyped(url, timeout=CONNECT_S, set_as_default=False)
        if given_up.is_set():
            client.close(timeout=CLOSE_S)
        return client

    try:
        client = yield from aside(run, connect)
    except GeneratorExit:
        given_up.set()
        raise
    except (OSError, TimeoutError, ValueError) as error:
        message = "The cluster that COMPUTE_URL names does not answer."
        raise WorkFailed("cluster_down", message, temporary=True) from error
    return Cluster(run, client, shown)


def aside(run: Run, function: Callable[[], T]) -> Generator[Step, None, T]:
    """Call what may take long in a thread, while the job rests."""
    over = Event()
    made: list[T] = []
    raised: list[Exception] = []

    def call() -> None:
        try:
            made.append(function())
        except Exception as error:  # noqa: BLE001 - raised again below
            raised.append(error)
        finally:
            over.set()
            run.wake()

    Thread(target=call, name="cluster", daemon=True).start()
    while not over.is_set():
        yield run.step(rest=over)
    if raised:
        raise named(raised[0])
    return made[0]


def soon(run: Run) -> Event:
    """Return an event that comes in a moment."""
    event = Event()

    def ring() -> None:
        event.set()
        run.wake()

    timer = Timer(BEAT_S, ring)
    timer.daemon = True
    timer.start()
    return event


def named(error: BaseException | None) -> BaseException:
    """Say in our own words what Dask raises of its own."""
    if isinstance(error, KilledWorker):
        return lost("Too many workers of the cluster died in the same step.")
    if isinstance(error, CancelledError | CommClosedError):
        return lost("The connection to the cluster broke.")
    return error or lost("A step failed, and the cluster does not say why.")


def lost(message: str) -> WorkFailed:
    return WorkFailed("cluster_lost", message, temporary=True)
