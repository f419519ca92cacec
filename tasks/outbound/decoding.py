"""The bytes of a reply's body, unpacked within budgets."""

import zlib

from tasks.outbound.deadline import Deadline
from tasks.outbound.errors import BadReply, OutboundError, TooBig, Truncated
from tasks.outbound.failures import explain, out_of_time
from tasks.outbound.framing import Body
from tasks.outbound.policy import MIB, Policy

_RAW_BYTES = 64 << 10


class Plain:
    """Read a body as it comes and turn what sockets raise into our errors."""

    def __init__(self, body: Body, shown: str, deadline: Deadline) -> None:
        self._body = body
        self._shown = shown
        self._deadline = deadline
        self.count = 0

    def read(self, size: int) -> bytes:
        try:
            piece = self._body.read(size)
        except (OSError, OutboundError) as error:
            failure = explain(error, self._shown, self._deadline)
        else:
            self.count += len(piece)
            # A socket shut by the timer reads like the end of the body.
            if not self._deadline.expired:
                return piece
            failure = out_of_time(self._shown)
        raise failure


class Gunzipped:
    """Unpack one gzip member after another, at most `size` bytes at a time."""

    def __init__(self, packed: Plain, shown: str, max_ratio: int) -> None:
        self._packed = packed
        self._shown = shown
        self._max_ratio = max_ratio
        self._count = 0
        self._waiting = b""
        self._member: zlib._Decompress | None = None

    def read(self, size: int) -> bytes:
        while True:
            if not self._waiting:
                self._waiting = self._packed.read(_RAW_BYTES)
            if not self._waiting:
                return self._end()
            if self._member is None:
                # Like gzip itself, allow zeros as padding around members.
                self._waiting = self._waiting.lstrip(b"\0")
            if self._waiting and (piece := self._unpack(size)):
                return self._counted(piece)

    def _unpack(self, size: int) -> bytes:
        member = self._member or zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            piece = member.decompress(self._waiting, size)
        except zlib.error:
            raise BadReply(f"{self._shown} sent broken gzip.", code="gzip") from None
        self._member = None if member.eof else member
        self._waiting = member.unused_data if member.eof else member.unconsumed_tail
        return piece

    def _counted(self, piece: bytes) -> bytes:
        self._count += len(piece)
        allowed = max(MIB, self._max_ratio * self._packed.count)
        if self._count > allowed:
            raise TooBig(
                f"{self._shown} unpacks to more than {self._max_ratio} times its size.",
                code="ratio",
            )
        return piece

    def _end(self) -> bytes:
        if self._member is not None:
            raise Truncated(f"{self._shown} broke off in the middle of its gzip.")
        return b""


class Decoded:
    """Give out what a body says once unpacked, up to the policy's limit."""

    def __init__(
        self, body: Body, coding: str, *, shown: str, policy: Policy, deadline: Deadline
    ) -> None:
        self._shown = shown
        self._max_bytes = policy.max_bytes
        self._count = 0
        self._body: Body = Plain(body, shown, deadline)
        self._coding = coding.strip().lower()
        if self._coding in {"gzip", "x-gzip"}:
            self._body = Gunzipped(self._body, shown, policy.max_ratio)

    def read(self, size: int) -> bytes:
        if self._coding not in {"", "identity", "gzip", "x-gzip"}:
            raise BadReply(
                f"{self._shown} is packed in a way this service did not ask for.",
                code="encoding",
            )
        piece = self._body.read(size) if size > 0 else b""
        self._count += len(piece)
        if self._count > self._max_bytes:
            raise TooBig(f"{self._shown} is larger than {self._max_bytes} bytes.")
        return piece
