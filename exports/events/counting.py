"""How many events are asked for."""

from contextlib import closing

from exports.events.bounds import Bounds, bounds_of
from exports.events.files import Files
from exports.events.log import Ask, Log, SegmentRef, Source
from exports.events.scan import MOST_ROWS, Scan
from exports.events.steps import Work, in_steps
from exports.events.tail import tail_frame


def count_now(log: Log, ask: Ask) -> int | None:
    """Count by what is known of the segments; None where events must be looked at."""
    if ask.is_sifted:
        return None
    bounds = bounds_of(log, ask)
    counts = [segment_count(ref, ask, bounds) for ref in log.segments]
    if None in counts:
        return None
    tail = tail_frame(log.tail, bounds, ask.sort).height
    return limited(sum(n for n in counts if n) + tail, ask)


def segment_count(ref: SegmentRef, ask: Ask, bounds: Bounds) -> int | None:
    low, high = ref.ends(ask.sort)
    if bounds.miss(low, high, ref.first_seq, ref.last_seq):
        return 0
    if not bounds.low < low or not high < bounds.high:
        return None
    first = max(ref.first_seq, bounds.min_seq + 1)
    return max(min(ref.last_seq, bounds.max_seq) - first + 1, 0)


@in_steps
def count(log: Log, ask: Ask, source: Source) -> Work[int]:
    """Count events, no more than the limit. Raises BadRule as compute does."""
    found = done = 0
    with closing(Files(source)) as files:
        scan = Scan(log, ask, files)
        for window in scan.windows(MOST_ROWS):
            found += scan.count(window)
            done += sum(chunk.rows for chunk in window)
            yield done
    return limited(found, ask)


def limited(found: int, ask: Ask) -> int:
    return found if ask.limit is None else min(found, ask.limit)
