"""The payload of a page's tokens; signing it is up to the service."""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from exports.events.errors import BadToken
from exports.events.log import Key, Sort

VERSION = 1
# version, kind, flags, share, epoch, index, question, at, seq, min_seq, max_seq
LAYOUT = struct.Struct(">BBB16sII8sqQQQ")
REVERSE, BY_ID, HAS_KEY = 1, 2, 4
FLAGS = REVERSE | BY_ID | HAS_KEY
MOST = 2**63 - 1  # what a database keeps as a number


class TokenKind(IntEnum):
    FIRST = 1  # continues after the first event of its page
    LAST = 2  # continues after the last event of its page
    NEXT = 3  # the same, given only while there is more
    LAST_INSERTED = 4  # all that was inserted later, in any order


@dataclass(frozen=True, slots=True)
class Token:
    """Where a pass over a share stands, and which pass it is."""

    kind: TokenKind
    share: UUID
    epoch: int  # of the share's tokens; a later one revokes all before
    question: bytes  # what `question_hash` made of the filter and the like
    sort: Sort
    reverse: bool
    key: Key | None = None
    min_seq: int = 0  # exclusive
    max_seq: int = 0  # inclusive; 0 means not pinned
    index: int = 0  # of a notification; 0 means none


def question_hash(*parts: str) -> bytes:
    """Return eight bytes that differ when what is asked differs."""
    whole = "\0".join(parts).encode()
    return hashlib.blake2b(whole, digest_size=8).digest()


def encode_token(token: Token) -> bytes:
    flags = REVERSE * token.reverse | BY_ID * (token.sort is Sort.ID)
    key = token.key or Key(0, 0)
    return LAYOUT.pack(
        VERSION,
        token.kind,
        flags | HAS_KEY * (token.key is not None),
        token.share.bytes,
        token.epoch,
        token.index,
        token.question,
        key.at,
        key.seq,
        token.min_seq,
        token.max_seq,
    )


def decode_token(data: bytes) -> Token:
    """Read a payload; raise BadToken when any part of it cannot be ours."""
    if len(data) != LAYOUT.size:
        raise BadToken("The token has the wrong length.")
    version, kind, flags, share, epoch, index, question, at, *seqs = LAYOUT.unpack(data)
    if version != VERSION or kind not in list(TokenKind) or flags & ~FLAGS:
        raise BadToken("The token is of no known kind.")
    if max(seqs) > MOST:
        raise BadToken("The token names numbers that no log has.")
    seq, min_seq, max_seq = seqs
    if not flags & HAS_KEY and (at or seq):
        raise BadToken("The token has a place where it should have none.")
    return Token(
        kind=TokenKind(kind),
        share=UUID(bytes=share),
        epoch=epoch,
        question=question,
        sort=Sort.ID if flags & BY_ID else Sort.TIME,
        reverse=bool(flags & REVERSE),
        key=Key(at, seq) if flags & HAS_KEY else None,
        min_seq=min_seq,
        max_seq=max_seq,
        index=index,
    )
