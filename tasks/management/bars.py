"""A bar on a terminal."""

WIDTH = 24


def bar(percent: int) -> str:
    full = WIDTH * percent // 100
    return f"{'█' * full}{'░' * (WIDTH - full)}"
