"""What a pool has done and holds, for logs and dashboards."""

from __future__ import annotations

from dataclasses import dataclass

from .duration_record import Durations


@dataclass(frozen=True, slots=True)
class PoolStats:
    """A snapshot; counts of kernels unless said otherwise."""

    size: int
    """The most kernels that may be alive."""
    alive: int
    """Starting, warm, acquired or closing."""
    warm: int
    starting: int
    acquired: int
    waiting: int
    """Callers that wait for a kernel."""
    acquires: int
    """Kernels handed out so far."""
    adopted: int
    """Forks of kernels that were taken in so far."""
    started: int
    failures: int
    """Starts that failed."""
    died_warm: int
    """Warm kernels that died unused and were not handed out."""
    replaced: int
    """Interpreters that died or would not stop in a caller's hands, and were replaced there."""
    close_failures: int
    """Kernels whose end failed; something of them may be left."""
    saturated: int
    """Callers that gave up waiting."""
    waits: Durations
    """How long callers waited for a kernel."""
    starts: Durations
    """How long kernels took to start."""
