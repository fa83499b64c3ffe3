"""How long something took, over many times: cheap to record, enough for percentiles and for a histogram."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histogram's buckets in seconds; one without a bound follows."""
_RECENT = 2048


@dataclass(frozen=True, slots=True)
class Durations:
    """A snapshot; all in seconds."""

    count: int = 0
    total: float = 0.0
    longest: float = 0.0
    p50: float = 0.0
    """Of the last two thousand, as the other percentiles."""
    p95: float = 0.0
    p99: float = 0.0
    buckets: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    """How many took at most as long as each of `BOUNDS`; the last counts all."""


class DurationRecord:
    """Takes durations, gives a snapshot."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._total = self._longest = 0.0
        self._buckets = [0] * (len(BOUNDS) + 1)

    def add(self, seconds: float) -> None:
        """Records one duration."""
        self._recent.append(seconds)
        self._total += seconds
        self._longest = max(self._longest, seconds)
        for place, bound in enumerate((*BOUNDS, math.inf)):
            self._buckets[place] += seconds <= bound

    def snapshot(self) -> Durations:
        """What was recorded so far."""
        ordered = sorted(self._recent)
        return Durations(
            self._buckets[-1],
            self._total,
            self._longest,
            _percentile(ordered, 0.50),
            _percentile(ordered, 0.95),
            _percentile(ordered, 0.99),
            tuple(self._buckets),
        )


def _percentile(ordered: list[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0
