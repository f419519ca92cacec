"""Tokens keep what they were made of, and nothing else is read as one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.events import (
    BadToken,
    Key,
    Sort,
    Token,
    TokenKind,
    decode_token,
    encode_token,
    question_hash,
)

NUMBERS = st.integers(0, 2**63 - 1)
PLACES = st.builds(Key, st.integers(-(2**63), 2**63 - 1), NUMBERS)
TOKENS = st.builds(
    Token,
    kind=st.sampled_from(TokenKind),
    share=st.uuids(),
    epoch=st.integers(0, 2**32 - 1),
    question=st.binary(min_size=8, max_size=8),
    sort=st.sampled_from(Sort),
    reverse=st.booleans(),
    key=st.one_of(st.none(), PLACES),
    min_seq=NUMBERS,
    max_seq=NUMBERS,
    index=st.integers(0, 2**32 - 1),
)
ONE = Token(
    kind=TokenKind.NEXT,
    share=UUID(int=7),
    epoch=1,
    question=question_hash("a=x", "3"),
    sort=Sort.TIME,
    reverse=False,
)


@given(TOKENS)
def test_a_token_reads_as_it_was_written(token: Token) -> None:
    assert decode_token(encode_token(token)) == token


@given(st.binary(max_size=100))
def test_other_bytes_are_a_token_of_ours_or_refused(data: bytes) -> None:
    try:
        token = decode_token(data)
    except BadToken:
        return
    assert encode_token(token) == data


@pytest.mark.parametrize(
    ("at", "byte"), [(0, 9), (1, 0), (1, 5), (2, 8), (43, 255), (51, 255), (59, 255)]
)
def test_a_field_that_no_token_has_is_refused(at: int, byte: int) -> None:
    data = bytearray(encode_token(ONE))
    data[at] = byte

    with pytest.raises(BadToken):
        decode_token(bytes(data))


def test_what_is_asked_for_can_be_told_apart() -> None:
    assert question_hash("a", "b") != question_hash("ab")
    assert question_hash("a", "b") != question_hash("b", "a")
    assert question_hash("a", "b") == question_hash("a", "b")
