from __future__ import annotations

import contextlib
import json
import math
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.rewards.conversation.codec import MAX_DEPTH, CodecError, ValueTooLargeError, decode, encode

_KEYS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**70),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(st.characters(codec=None)),
    st.binary(),
)
_HASHABLE = st.recursive(
    _KEYS,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(inner, max_size=4),
    max_leaves=8,
)
_VALUES = st.recursive(
    _HASHABLE | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(_HASHABLE, inner, max_size=5)
        | st.sets(_HASHABLE, max_size=5)
    ),
    max_leaves=25,
)


def _same(one: Any, other: Any) -> bool:
    """Equality that also sees types, signs of zero and NaN, in the order of the parts."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return _same(list(one), list(other)) and _same(list(one.values()), list(other.values()))
    return bool(one == other)


@given(_VALUES)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    assert _same(decode(encode(value)), value)


@given(st.text() | st.binary())
def test_any_text_is_a_value_or_a_codec_error(text: str | bytes) -> None:
    with contextlib.suppress(CodecError):
        decode(text.encode() if isinstance(text, str) else text)


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_any_json_is_a_value_or_a_codec_error(raw: Any) -> None:
    with contextlib.suppress(CodecError):
        decode(json.dumps(raw).encode())


class _Liar(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    "value", [_Liar(3), [object()], {1: {_Liar(2)}}, type, print, iter([]), open, lambda: 0]
)
def test_objects_of_other_classes_are_refused(value: object) -> None:
    with pytest.raises(CodecError, match="cannot cross"):
        encode(value)


def test_mappings_of_the_standard_library_keep_their_types() -> None:
    values = [Counter("abca"), OrderedDict(a=1), defaultdict(list, {1: [2]})]
    assert _same(decode(encode(values)), values)


def test_negative_zero_and_special_floats_survive() -> None:
    back = decode(encode([-0.0, math.inf, -math.inf, math.nan, complex(-0.0, math.nan)]))
    assert repr(back) == "[-0.0, inf, -inf, nan, (-0+nanj)]"


def test_depth_and_size_are_capped() -> None:
    nested: list[Any] = []
    for _ in range(MAX_DEPTH + 1):
        nested = [nested]
    loop: list[Any] = []
    loop.append(loop)
    for value in (nested, loop, 1 << (1 << 23), "x" * (33 << 20), [0] * 3_000_001):
        with pytest.raises(ValueTooLargeError):
            encode(value)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b'{"t": 1}',
        b'{"t": [], "s": []}',
        b'{"t": [], "t": []}',
        b'{"s": [1, 1]}',
        b'{"s": [[1]]}',
        b'{"d": [[1, 2], [1, 3]]}',
        b'{"d": [[1]]}',
        b'{"eval": "1"}',
        b'{"b": "?"}',
        b'{"c": "12"}',
        b'{"i": 5}',
        b"NaN",
        b"1" * 5000,
        b"\xff",
        b"",
    ],
)
def test_malformed_text_is_refused(text: bytes) -> None:
    with pytest.raises(CodecError):
        decode(text)
