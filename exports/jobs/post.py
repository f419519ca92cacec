"""A POST in a thread of its own, so that whoever waits for it can do other things."""

import codecs
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread

from django.conf import settings

from exports.deliveries import Answer
from exports.phrases import status_text
from tasks import outbound

MOST_ANSWER_BYTES = 64 << 10
HEADERS = {"Content-Type": "application/json"}

Stop = Callable[[], None]


class Post:
    """Sends data once. `over` is set when there is an answer, or an error."""

    def __init__(
        self, url: str, body: bytes, *, on_open: Callable[[Stop], None], wake: Stop
    ) -> None:
        self.over = Event()
        self._url, self._body = url, body
        self._on_open, self._wake = on_open, wake
        self._unwanted = False
        self._break: Stop | None = None
        self._answer: Answer | None = None
        self._error: Exception | None = None

    def start(self) -> None:
        # Of a process that ends, nobody waits for the answer any more.
        Thread(target=self._run, name="delivery", daemon=True).start()

    def stop(self) -> None:
        """Break the connection, or have none opened; any thread may call this."""
        self._unwanted = True
        if self._break:
            self._break()

    def answer(self) -> Answer:
        """Return what was answered; call it once it is over.

        Raises:
            OutboundError: there is no answer.
        """
        if self._answer is None:
            raise self._error or RuntimeError("the answer was not waited for")
        return self._answer

    def _run(self) -> None:
        try:
            self._answer = self._ask()
        except Exception as error:  # noqa: BLE001 - raised again by `answer`
            self._error = error
        finally:
            self.over.set()
            self._wake()

    def _ask(self) -> Answer:
        with outbound.stream(
            "POST",
            self._url,
            policy=policy(),
            headers=HEADERS,
            body=self._body,
            on_open=self._opened,
        ) as reply:
            return _read(reply)

    def _opened(self, stop: Stop) -> None:
        self._break = stop
        self._on_open(stop)
        if self._unwanted:
            stop()


def policy() -> outbound.Policy:
    """Give a destination all its time to think, but no more."""
    allowed: outbound.Policy = settings.OUTBOUND
    within_s: float = settings.DELIVERY_TIMEOUT
    return replace(allowed, total_timeout_s=within_s, read_timeout_s=within_s)


def _read(reply: outbound.Reply) -> Answer:
    """Keep the status whatever becomes of the body: it says what was done."""
    kept, remark = bytearray(), ""
    try:
        for piece in reply.iter_bytes():
            kept += piece
            if len(kept) > MOST_ANSWER_BYTES:
                remark = f"of the answer, {MOST_ANSWER_BYTES} bytes were kept"
                break
    except outbound.OutboundError as error:
        remark = f"of the answer, {len(kept)} bytes were kept: {error}"
    return Answer(
        text=status_text(reply.status),
        body=_text(bytes(kept[:MOST_ANSWER_BYTES]), whole=not remark),
        status=reply.status,
        remark=remark,
    )


def _text(body: bytes, *, whole: bool) -> str:
    """Read as UTF-8; a character that was cut in two is left out."""
    # The decoder keeps the half of a character back until it is told of the end.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return decoder.decode(body, final=whole)
