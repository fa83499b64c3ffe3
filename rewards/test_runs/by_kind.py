"""Which run belongs to which kind of tests."""

from __future__ import annotations

from ..broken_tests_error import BrokenTestsError
from ..tests import CallTests, CheckTests, StdioTests, Tests
from .call_run import CallRun
from .check_run import CheckRun
from .stdio_run import StdioRun
from .test_run import TestRun


def run_of(tests: Tests) -> TestRun:
    """The run of these tests.

    Raises:
        BrokenTestsError: If no submission can be judged by them.
    """
    match tests:
        case CallTests():
            return CallRun(tests)
        case CheckTests():
            return CheckRun(tests)
        case StdioTests():
            return StdioRun(tests)
    raise BrokenTestsError(f"tests of kind {tests.kind!r} cannot be run yet")
