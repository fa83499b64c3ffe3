"""The error of tests that cannot judge anything."""

from __future__ import annotations


class BrokenTestsError(ValueError):
    """The tests themselves are broken; no submission can be judged by them."""
