"""What a query asks for, as it came, and as its share and its token leave it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self, overload

from exports.events import (
    Ask,
    BadToken,
    Key,
    Page,
    Sort,
    Token,
    TokenKind,
    question_hash,
)
from exports.models import Batch, Share
from exports.share_tokens import read_token, write_token
from exports.tables.rules import parse_rule

MOST_EVENTS = 100_000
ALWAYS_SHOWN = ("uuid", "insertion time")
TUPLES = ("keys", "filters", "times", "after")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query's parameters, each good by itself; `shown` is what came, for people."""

    start: datetime | None = None
    end: datetime | None = None
    filter: str = ""
    projection: tuple[str, ...] | None = None
    by_id: bool = False
    reverse: bool = False
    limit: int | None = None
    token: str | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page of a stream: the same one wherever and whenever it is made."""

    sort: Sort
    reverse: bool
    limit: int | None
    start: int | None  # µs UTC, as in exports.events.Ask
    end: int | None
    keys: tuple[str, ...] | None
    filters: tuple[str, ...]  # rules, all of them to be obeyed
    times: tuple[int | None, int | None]  # the share's window
    after: tuple[int, int] | None = None
    min_seq: int = 0
    max_seq: int
    question: str  # hex; a token that goes on from here has the same
    index: int = 0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Read what `told` has made."""
        given = [name for name in TUPLES if told[name] is not None]
        tuples = {name: tuple(told[name]) for name in given}
        return cls(**{**told, **tuples, "sort": Sort(told["sort"])})

    @property
    def told(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def ask(self) -> Ask:
        return Ask(
            sort=self.sort,
            reverse=self.reverse,
            limit=self.limit,
            start=self.start,
            end=self.end,
            keys=None if self.keys is None else frozenset(self.keys),
            rules=tuple(parse_rule(one) for one in self.filters),
            times=self.times,
            after=Key(*self.after) if self.after else None,
            min_seq=self.min_seq,
            max_seq=self.max_seq,
        )


def wanted_of(
    asked: Asked, *, share: Share, batch: Batch | None, head: int, is_count: bool
) -> Wanted:
    """Resolve a query of a share: it only ever narrows what the share shows.

    Raises:
        BadToken: its token is none of this share's, or of another query's.
    """
    wanted = _from_the_start(asked, share=share, batch=batch, head=head)
    if is_count:
        wanted = replace(wanted, limit=asked.limit)
    if asked.token is None:
        return wanted
    token = read_token(asked.token)
    if (token.share, token.epoch) != (share.pk, share.epoch):
        raise BadToken("The token is not one of this share.")
    return _resumed(wanted, token)


def _from_the_start(
    asked: Asked, *, share: Share, batch: Batch | None, head: int
) -> Wanted:
    last = batch.first_seq + batch.rows - 1 if batch else head
    index = batch.number if batch else 0
    return Wanted(
        sort=Sort.ID if asked.by_id else Sort.TIME,
        reverse=asked.reverse,
        limit=min(asked.limit or MOST_EVENTS, share.row_limit or MOST_EVENTS),
        start=us_of(asked.start),
        end=us_of(asked.end),
        times=(us_of(share.window_start), us_of(share.window_end)),
        keys=_keys(share, asked),
        filters=tuple(one for one in (share.filter, asked.filter) if one),
        min_seq=batch.first_seq - 1 if batch else 0,
        max_seq=min(head, last),
        question=question_hash(asked.filter, str(index)).hex(),
        index=index,
    )


@overload
def us_of(moment: datetime) -> int: ...
@overload
def us_of(moment: None) -> None: ...
def us_of(moment: datetime | None) -> int | None:
    """Return µs since 1970."""
    if moment is None:
        return None
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _keys(share: Share, asked: Asked) -> tuple[str, ...] | None:
    allowed = (*share.keys, *ALWAYS_SHOWN) if share.keys else None
    if asked.projection is None:
        return allowed
    return tuple(key for key in asked.projection if not allowed or key in allowed)


def _resumed(wanted: Wanted, token: Token) -> Wanted:
    """Go on where a token ends, which must be of the same query."""
    if (token.question.hex(), token.index) != (wanted.question, wanted.index):
        raise BadToken("The token is of another filter.")
    since = max(wanted.min_seq, token.min_seq)
    if token.kind is TokenKind.LAST_INSERTED:
        return replace(wanted, min_seq=since)
    if (token.sort, token.reverse) != (wanted.sort, wanted.reverse):
        raise BadToken("The token is of another order.")
    pin = min(wanted.max_seq, token.max_seq) if token.max_seq else wanted.max_seq
    after = (token.key.at, token.key.seq) if token.key else None
    return replace(wanted, after=after, min_seq=since, max_seq=pin)


def tokens_of(wanted: Wanted, page: Page, share: Share) -> dict[TokenKind, str]:
    """Write the tokens of a page; the next one only if there is more.

    A pass is pinned to the events there were when it began, so that what comes in
    meanwhile moves nothing, and is what the last-inserted token begins with. Only in
    the order of insertion new events are in front of it anyway.
    """
    endless = wanted.sort is Sort.ID and not wanted.reverse
    plain = Token(
        kind=TokenKind.LAST_INSERTED,
        share=share.pk,
        epoch=share.epoch,
        question=bytes.fromhex(wanted.question),
        sort=wanted.sort,
        reverse=wanted.reverse,
        min_seq=wanted.max_seq,
        index=wanted.index,
    )
    at = replace(
        plain, min_seq=wanted.min_seq, max_seq=0 if endless else wanted.max_seq
    )
    tokens = {TokenKind.LAST_INSERTED: plain}
    if page.first and page.last:
        tokens[TokenKind.FIRST] = replace(at, kind=TokenKind.FIRST, key=page.first)
        tokens[TokenKind.LAST] = replace(at, kind=TokenKind.LAST, key=page.last)
        if page.more:
            tokens[TokenKind.NEXT] = replace(at, kind=TokenKind.NEXT, key=page.last)
    return {kind: write_token(token) for kind, token in tokens.items()}
