"""The line that shows how far an export is."""

import io

from exports.management.progress import Progress, size_shown


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_terminal_has_one_line_that_is_redrawn() -> None:
    out, clock = Screen(terminal=True), Clock()
    progress = Progress(out, now=clock)

    clock.at += 0.05
    progress.show(rows=5, size_bytes=10, percent=1)
    assert out.getvalue() == ""
    clock.at += 0.95
    progress.show(rows=1_500, size_bytes=2_000_000, percent=50)
    progress.end()

    assert out.getvalue() == (
        "\r\x1b[2K  ████████████░░░░░░░░░░░░  50 %  1,500 rows, 1,500 rows/s, 2.0 MB"
        "\r\x1b[2K"
    )


def test_elsewhere_there_is_a_line_every_five_seconds() -> None:
    out, clock = Screen(terminal=False), Clock()
    progress = Progress(out, now=clock)

    for _second in range(12):
        clock.at += 1
        progress.show(rows=10, size_bytes=20)
    progress.end()

    assert (
        out.getvalue() == "10 rows, 2 rows/s, 20 bytes\n10 rows, 1 rows/s, 20 bytes\n"
    )


def test_sizes_are_read_at_a_glance() -> None:
    sizes = [0, 999, 1_000, 1_550_000, 2 * 10**12, 5 * 10**15]

    assert [size_shown(size) for size in sizes] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "1.6 MB",
        "2.0 TB",
        "5,000.0 TB",
    ]
