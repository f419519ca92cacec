"""Bytes in the pieces they were written in, for libraries that want a file."""


class Pieces:
    """What was written since it was last drained."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def write(self, block: bytes, /) -> int:
        self.blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Do nothing: whoever reads this drains it."""

    def drain(self) -> bytes:
        drained, self.blocks = b"".join(self.blocks), []
        return drained
