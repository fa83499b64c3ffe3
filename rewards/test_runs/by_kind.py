"""Which run belongs to which kind of tests."""

from __future__ import annotations

from ..tests import AssertTests, CallTests, CheckTests, PytestTests, StdioTests, Tests, UnittestTests
from .assert_run import AssertRun
from .call_run import CallRun
from .check_run import CheckRun
from .pytest_run import PytestRun
from .stdio_run import StdioRun
from .test_run import TestRun
from .unittest_run import UnittestRun


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
        case AssertTests():
            return AssertRun(tests)
        case PytestTests():
            return PytestRun(tests)
        case UnittestTests():
            return UnittestRun(tests)
