"""Calls of one function, each of them one test; values are compared on the trusted side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exact_equality import exactly_equal
from ..tests import CallTests

if TYPE_CHECKING:
    from ..examination import Examination


class CallRun:
    """Runs `CallTests`."""

    def __init__(self, tests: CallTests) -> None:
        self._tests = tests

    @property
    def count(self) -> int:
        """One test for each call."""
        return len(self._tests.cases)

    def run(self, examination: Examination) -> None:
        """Calls and compares; see `TestRun`."""
        if not examination.load(self._tests.entry_point):
            return
        for number, case in enumerate(self._tests.cases):
            with examination.guard(number):
                value = examination.session.call(self._tests.entry_point, case.arguments, {})
                if not exactly_equal(case.expected, value):
                    raise AssertionError(f"expected {_short(case.expected)}, got {_short(value)}")


def _short(value: object) -> str:
    try:
        return repr(value)[:200]
    except (ValueError, MemoryError):
        return "a value too large to show"
