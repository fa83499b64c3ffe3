"""Calls of one function, each of them one test; values are compared on the trusted side."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...comparisons.value_comparison import values_match
from ...test_code.call_plan import CallPlan
from ...tests import CallTests

if TYPE_CHECKING:
    from ..examination import Examination


class CallRun:
    """Runs `CallTests`."""

    def __init__(self, tests: CallTests) -> None:
        self._tests = tests
        cases = ((case.arguments, case.expected) for case in tests.cases)
        self._plan = CallPlan.of_cases(tests.entry_point, cases)
        self._planned = {number for chunk in self._plan.chunks for number, _ in chunk}

    @property
    def count(self) -> int:
        """One test for each call."""
        return len(self._tests.cases)

    @property
    def brings_code(self) -> bool:
        """Values are compared by known rules."""
        return False

    def run(self, examination: Examination) -> None:
        """Calls and compares; see `TestRun`."""
        tests = self._tests
        if not examination.load(tests.entry_point, preamble=tests.preamble, plan=self._plan):
            return
        for number, case in enumerate(tests.cases):
            with examination.guard(number):
                # What a call does to its arguments is done to these, unless it was asked for ahead.
                known = number in self._planned
                arguments = case.arguments if known else copy.deepcopy(case.arguments)
                value = examination.call(tests.entry_point, arguments, {})
                if not values_match(tests.comparison, case.expected, _as_json_has_it(value)):
                    raise AssertionError(f"expected {_short(case.expected)}, got {_short(value)}")


def _as_json_has_it(value: Any) -> Any:
    """Mappings of the standard library as dicts, scalars of numpy as numbers, named tuples as tuples."""
    kind = type(value)
    if kind in (str, int, float, bool):
        return value
    if kind is list:
        return [_as_json_has_it(part) for part in value]
    if isinstance(value, tuple):
        return tuple(_as_json_has_it(part) for part in value)
    if isinstance(value, Mapping):
        return {_as_json_has_it(key): _as_json_has_it(part) for key, part in value.items()}
    return (
        value.item() if kind.__module__ == "numpy" and hasattr(value, "dtype") and not value.ndim else value
    )


def _short(value: object) -> str:
    try:
        return repr(value)[:200]
    except (ValueError, MemoryError, TypeError):
        return "a value that cannot be shown"
