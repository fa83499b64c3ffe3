"""What one submission may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JudgeLimits:
    """Limits of one grade; the time limit belongs to the task."""

    memory: int = 2 << 30
    """Bytes of address space of each of its processes."""
    source: int = 1 << 20
    """Characters of source."""
    start_seconds: float = 30.0
    """Seconds for both processes to be up; later is a failure of the machine."""
    grace_seconds: float = 3.0
    """Seconds after the time limit until the examiner itself is ended."""
    retries: int = 2
    """How often a failure of the machine is tried again."""

    def __post_init__(self) -> None:
        for name in ("memory", "source", "start_seconds", "grace_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"JudgeLimits.{name} is {getattr(self, name)!r}; it must be positive")
        if self.retries < 0:
            raise ValueError(f"JudgeLimits.retries is {self.retries!r}; it must not be negative")
