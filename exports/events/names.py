"""The keys that every event has, and the columns that no event shows."""

UUID = "uuid"
INSERTED = "insertion time"
OURS = frozenset({UUID, INSERTED})

# No key has this character, so none is called like these. A NUL no column's name has.
MARK = "\x01"

ROW = f"{MARK}row"  # the number in its file, from 0
SEQ = f"{MARK}seq"
TIME = f"{MARK}time"  # µs UTC; null until the insertion time stands in for it
STAMP = f"{MARK}stamp"  # the insertion time, µs UTC
AT = f"{MARK}at"  # the one of the two that orders a page


def is_internal(name: str) -> bool:
    return name.startswith(MARK)
