"""Whether a returned value is the expected one; values are of built-in types, so no code of others runs."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ..comparison import ExactValue, FloatValue, UnorderedValue, ValueComparison
from .exact_equality import exactly_equal
from .same_elements import same_elements
from .tolerance import within_tolerance


def values_match(comparison: ValueComparison, expected: Any, value: Any) -> bool:
    """Compares a returned value with the expected one.

    Args:
        comparison: The rule of the task.
        expected: The task's answer, a JSON value.
        value: What came back, of exact built-in types.

    Returns:
        Whether the value counts as right, in time linear in its size.
    """
    match comparison:
        case ExactValue():
            return exactly_equal(expected, value)
        case FloatValue():
            return _about_equal(comparison, expected, value)
        case UnorderedValue():
            if not (isinstance(expected, list | tuple) and isinstance(value, list | tuple)):
                return exactly_equal(expected, value)
            return len(expected) == len(value) and same_elements(map(_key, expected), map(_key, value))


def _about_equal(comparison: FloatValue, expected: Any, value: Any) -> bool:
    if isinstance(expected, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(expected) == len(value)
            and all(_about_equal(comparison, *pair) for pair in zip(expected, value, strict=True))
        )
    if type(expected) is dict:
        return (
            type(value) is dict
            and len(expected) == len(value)
            and all(
                key in value and _about_equal(comparison, wanted, value[key])
                for key, wanted in expected.items()
            )
        )
    if type(expected) is float and type(value) in (float, int):
        try:
            return within_tolerance(float(value), expected, comparison.absolute, comparison.relative)
        except OverflowError:
            return False
    if type(expected) is int and type(value) is float:
        return value == expected
    return exactly_equal(expected, value)


def _key(value: Any) -> Hashable:
    """Equal keys for values that `exactly_equal` takes for equal, and only for these."""
    if isinstance(value, list | tuple):
        return ("sequence", *map(_key, value))
    if type(value) is dict:
        return ("mapping", frozenset((key, _key(part)) for key, part in value.items()))
    if isinstance(value, set | frozenset):
        return (type(value), frozenset(value))
    if isinstance(value, float) and value != value:
        return "not a number"
    return (type(value), value) if isinstance(value, Hashable) else (type(value), id(value))
