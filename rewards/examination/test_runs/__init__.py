"""One file for each kind of tests: how it is run on a submission."""

from .by_kind import run_of
from .test_run import TestRun

__all__ = ["TestRun", "run_of"]
