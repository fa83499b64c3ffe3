"""Which tests are run when a task has more than a judge may run.

The choice depends on the tests alone: every test has a rank, which is a hash of its own content. So all
submissions of a group, on every machine and on every day, meet the same tests, and a higher cap adds to a
lower one.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel

from .tests import AssertTests, CallTests, StdioTests, Tests


def choose_subset(tests: Tests, most: int | None) -> tuple[Tests, tuple[int, ...] | None]:
    """Caps the tests of a task.

    Args:
        tests: All tests. Only those that are listed one by one can be capped; the tests of a check, pytest or
            unittest program belong together and stay as they are.
        most: How many may be run; None means all.

    Returns:
        The tests to run, and their places among all tests in ascending order, or None when these are all.

    Raises:
        ValueError: If `most` is not positive.
    """
    if most is None:
        return tests, None
    if most < 1:
        raise ValueError(f"max_tests is {most!r}; it must be at least 1, or None for all tests")
    match tests:
        case StdioTests() | CallTests():
            places = _places([_content(case) for case in tests.cases], most)
            return _picked(tests, "cases", places), places
        case AssertTests():
            places = _places(list(tests.statements), most)
            return _picked(tests, "statements", places), places
        case _:
            return tests, None


def _places(contents: list[str], most: int) -> tuple[int, ...] | None:
    if len(contents) <= most:
        return None
    ranks = [hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest() for content in contents]
    return tuple(sorted(sorted(range(len(contents)), key=lambda place: (ranks[place], place))[:most]))


def _content(case: BaseModel) -> str:
    return _canonical(case.model_dump())


def _canonical(value: Any) -> str:
    """A text that does not depend on the order of keys or elements where that has no meaning."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{_canonical(key)}:{_canonical(value[key])}" for key in value)) + "}"
    if isinstance(value, set | frozenset):
        return "<" + ",".join(sorted(map(_canonical, value))) + ">"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return repr(value)


def _picked(tests: Tests, field: str, places: tuple[int, ...] | None) -> Tests:
    if places is None:
        return tests
    listed = getattr(tests, field)
    return tests.model_copy(update={field: tuple(listed[place] for place in places)})
