"""Equality by type and value: no class of the submission takes part, and `True` is not `1`."""

from __future__ import annotations

from typing import Any


def exactly_equal(expected: Any, value: Any) -> bool:
    """Compares two values of built-in types.

    Lists and tuples count as one type, because expected values come from JSON. Floats are compared as they
    are; a NaN equals a NaN.
    """
    if isinstance(expected, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(expected) == len(value)
            and all(map(exactly_equal, expected, value))
        )
    if type(expected) is not type(value):
        return False
    if isinstance(expected, dict):
        return len(expected) == len(value) and all(
            key in value and exactly_equal(wanted, value[key]) for key, wanted in expected.items()
        )
    return bool(expected == value) or (expected != expected and value != value)
