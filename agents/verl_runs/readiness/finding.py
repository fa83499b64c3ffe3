"""What one check found: a value, what the run needs, and how to come from one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Status(StrEnum):
    """What a finding means for the run."""

    OK = "ok"
    WARNING = "warning"
    """The run starts, and may be slow or fail."""
    ERROR = "error"
    """The run would fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `replgym doctor --config`."""

    check: str
    """What was looked at."""
    status: Status
    value: str
    """What is there."""
    need: str = ""
    """What the run needs."""
    fix: str = ""
    """What to do; empty where nothing is wrong."""

    @classmethod
    def ok(cls, check: str, value: str, need: str = "") -> Self:
        """Nothing is wrong."""
        return cls(check, Status.OK, value, need)

    @classmethod
    def warning(cls, check: str, value: str, need: str, fix: str) -> Self:
        """The run starts, and may be slow or fail."""
        return cls(check, Status.WARNING, value, need, fix)

    @classmethod
    def error(cls, check: str, value: str, need: str, fix: str) -> Self:
        """The run would fail."""
        return cls(check, Status.ERROR, value, need, fix)
