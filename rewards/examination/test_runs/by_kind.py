"""Which run belongs to which kind of tests; what a kind needs is imported when it is met first."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from ...tests import Tests
from .test_run import TestRun

_RUNS = {
    "assert": ("assert_run", "AssertRun"),
    "call": ("call_run", "CallRun"),
    "check": ("check_run", "CheckRun"),
    "pytest": ("pytest_run", "PytestRun"),
    "stdio": ("stdio_run", "StdioRun"),
    "unittest": ("unittest_run", "UnittestRun"),
}


def run_of(tests: Tests) -> TestRun:
    """The run of these tests.

    Raises:
        BrokenTestsError: If no submission can be judged by them.
    """
    module, name = _RUNS[tests.kind]
    found = importlib.import_module(f".{module}", __package__)
    made: Callable[[Any], TestRun] = getattr(found, name)
    return made(tests)
