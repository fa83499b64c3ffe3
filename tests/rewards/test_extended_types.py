from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import re
import uuid
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from replgym.rewards.conversation.codec import CodecError, decode, encode

_POINT = namedtuple("_POINT", "x y")


def _back(value: Any) -> Any:
    return decode(encode(value))


@given(
    st.one_of(
        st.fractions(),
        st.decimals(),
        st.datetimes(),
        st.datetimes(timezones=st.timezones() | st.just(datetime.UTC)),
        st.dates(),
        st.times(),
        st.timedeltas(),
        st.uuids(),
        st.complex_numbers(),
        st.slices(20),
        st.integers().map(lambda n: range(n, n + 9, 2)),
        st.lists(st.integers(), max_size=5).map(deque),
        st.lists(st.integers(), max_size=5).map(lambda parts: deque(parts, maxlen=3)),
        st.text(max_size=9).map(Counter),
        st.dictionaries(st.text(), st.integers()).map(OrderedDict),
        st.binary().map(bytearray),
    )
)
def test_values_of_the_standard_library_come_back(value: Any) -> None:
    back = _back(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value) or back == value


@given(arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(min_dims=0, max_dims=3, min_side=0)))
def test_arrays_come_back(value: Any) -> None:
    if value.dtype.kind == "V":
        return
    back = _back(value)
    assert (type(back), back.dtype, back.shape) == (type(value), value.dtype, value.shape)
    assert back.tobytes() == value.tobytes()


@given(arrays.from_dtype(numpy.dtype("f8")) | arrays.from_dtype(numpy.dtype("i2")))
def test_scalars_of_numpy_come_back(value: Any) -> None:
    back = _back([value])[0]
    assert type(back) is type(value)
    assert back.tobytes() == value.tobytes()


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1}.keys(),
        {"a": 1}.items(),
        defaultdict(list, {1: [2]}),
        pathlib.Path("a/b"),
        re.compile("a+", re.IGNORECASE),
        int,
        ValueError,
        len,
        str.upper,
        NotImplemented,
        numpy.float32,
        numpy.dtype("int16"),
        uuid.UUID(int=5),
        decimal.Decimal("NaN"),
        fractions.Fraction(1, 3),
    ],
)
def test_single_values_come_back(value: Any) -> None:
    back = _back(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_values_of_a_mapping_come_back() -> None:
    assert list(_back({"a": 1, "b": [2]}.values())) == [1, [2]]


@pytest.mark.parametrize(
    "value", [numpy.array([object()]), numpy.zeros(2, "i4,i4"), eval, open, exec, super, type, print]
)
def test_what_could_carry_code_does_not_cross(value: Any) -> None:
    with pytest.raises(CodecError):
        encode(value)


@pytest.mark.parametrize(
    "text",
    [
        b'{"N": ["|O", [1], "AAAAAAAAAAA="]}',
        b'{"N": ["<i8", [9], "AAAAAAAAAAA="]}',
        b'{"N": ["<i8", [-1], "AAAAAAAAAAA="]}',
        b'{"N": ["<U1", [1], "/////w=="]}',
        b'{"N": ["i4,i4", [1], "AAAAAAAAAAA="]}',
        b'{"N": ["<i8", [2], ""]}',
        b'{"n": ["<i8", "AAAA"]}',
        b'{"k": "os"}',
        b'{"k": "load"}',
        b'{"B": "eval"}',
        b'{"F": [1, 0]}',
        b'{"T": ["yesterday", null]}',
        b'{"p": ["x", ["_replace"], [1]]}',
        b'{"p": ["x y", ["a"], [1]]}',
        b'{"D": ["eval", []]}',
        b'{"v": ["keys", [[1]]]}',
        b'{"R": ["(", 0]}',
        b'{"g": [1, 2, 0]}',
        b'{"a": 0}',
        b'{"o": [0, "X"]}',
        b'{"!": [1, [[["a", 1]]]]}',
    ],
)
def test_malformed_descriptions_are_refused(text: bytes) -> None:
    with pytest.raises(CodecError):
        decode(text)


def test_named_tuples_come_back_with_their_fields() -> None:
    from replgym.rewards.conversation.extended_types import lift, lower_namedtuple

    described = lower_namedtuple(_POINT(1, 2))
    assert described is not None
    back = lift(*described)
    assert (back, back.x, type(back).__name__) == ((1, 2), 1, "_POINT")
    assert lower_namedtuple((1, 2)) is None
