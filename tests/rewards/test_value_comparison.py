"""Returned values are compared by type and value, never by code of the values."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.rewards.comparison import ExactValue, FloatValue, UnorderedValue, ValueComparison
from replgym.rewards.comparisons.value_comparison import values_match

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
NAN = float("nan")


@pytest.mark.parametrize(
    ("comparison", "expected", "value", "accepted"),
    [
        (ExactValue(), [1, [2]], (1, (2,)), True),
        (ExactValue(), 1, True, False),
        (ExactValue(), 1.0, 1, False),
        (ExactValue(), NAN, NAN, True),
        (FloatValue(), 0.3, 0.1 + 0.2, True),
        (FloatValue(), 0.3, 0.31, False),
        (FloatValue(), 2.0, 2, True),
        (FloatValue(), 1.0, True, False),
        (FloatValue(), 2, 2.0, True),
        (FloatValue(), 2, 2.0 + 1e-9, False),
        (FloatValue(), 1, True, False),
        (FloatValue(), 10**9, 10**9 + 1, False),
        (FloatValue(), 1.0, 10**400, False),
        (FloatValue(), NAN, NAN, True),
        (FloatValue(), 1.0, NAN, False),
        (FloatValue(), NAN, 1.0, False),
        (FloatValue(), float("inf"), float("inf"), True),
        (FloatValue(), float("inf"), 1e308, False),
        (FloatValue(), 1.0, "1.0", False),
        (FloatValue(), {"a": [0.5]}, {"a": (0.5 + 1e-9,)}, True),
        (FloatValue(), {"a": 0.5}, {"b": 0.5}, False),
        (FloatValue(), [0.5], [0.5, 0.5], False),
        (FloatValue(absolute=0, relative=0.1), 100.0, 109.0, True),
        (FloatValue(absolute=0, relative=0.1), 100.0, 111.0, False),
        (UnorderedValue(), [[1, 2], [3]], [[3], (1, 2)], True),
        (UnorderedValue(), [[1, 2], [3]], [[3], [2, 1]], False),
        (UnorderedValue(), [1, 1, 2], [1, 2, 2], False),
        (UnorderedValue(), [1], [True], False),
        (UnorderedValue(), [1], [1.0], False),
        (UnorderedValue(), [1], {1}, False),
        (UnorderedValue(), [1, 2], [1, 2, 2], False),
        (UnorderedValue(), [{"a": [NAN]}, None], [None, {"a": [NAN]}], True),
        (UnorderedValue(), "ab", "ba", False),
    ],
)
def test_rule(comparison: ValueComparison, expected: Any, value: Any, accepted: bool) -> None:
    assert values_match(comparison, expected, value) is accepted


@given(JSON)
def test_every_rule_accepts_the_expected_value(value: Any) -> None:
    for comparison in (ExactValue(), FloatValue(), UnorderedValue()):
        assert values_match(comparison, value, value)


@given(st.lists(JSON, max_size=5), st.lists(JSON, max_size=5), st.randoms(use_true_random=False))
def test_unordered_means_equal_in_some_order(
    left: list[Any], right: list[Any], chance: random.Random
) -> None:
    shuffled = left[:]
    chance.shuffle(shuffled)
    assert values_match(UnorderedValue(), left, shuffled)
    rest = left[:]
    for value in right:
        place = next((n for n, wanted in enumerate(rest) if values_match(ExactValue(), wanted, value)), None)
        if place is not None:
            del rest[place]
    same = len(left) == len(right) and not rest
    assert values_match(UnorderedValue(), left, right) is same


def test_values_with_equal_hashes_are_compared_in_linear_time() -> None:
    prime = (1 << 61) - 1
    assert not values_match(UnorderedValue(), list(range(100_000)), [prime * n for n in range(1, 100_001)])
