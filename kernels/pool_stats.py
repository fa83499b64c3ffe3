"""What a pool has done and holds, for logs and dashboards."""

from __future__ import annotations

from dataclasses import dataclass


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
    started: int
    failures: int
    """Starts that failed, and warm kernels that died unused."""
    saturated: int
    """Callers that gave up waiting."""
    waited_total: float
    """Seconds that callers waited, summed."""
    waited_max: float
