"""Which part of the machine broke; an episode that ends so was not lost by its policy."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """The part that failed."""

    KERNEL = "kernel"
    JUDGE = "judge"
