"""Quantiles of a stream in constant memory: counts in buckets, each 2 % wider than the one before."""

from __future__ import annotations

import math
from collections import Counter

_GROWTH = 1.02
_LEAST = 1e-6


class QuantileSketch:
    """Takes numbers that are not negative; quantiles are right within one percent, or within a millionth.

    What was counted does not depend on the order in which it came.
    """

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()

    def add(self, value: float) -> None:
        """Counts one number."""
        self._buckets[math.ceil(math.log(max(value, _LEAST) / _LEAST, _GROWTH))] += 1

    def quantile(self, share: float) -> float | None:
        """The smallest number that at least this share of all does not exceed; None of none."""
        wanted = share * self._buckets.total()
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return float(_LEAST * _GROWTH ** (bucket - 0.5))
        return None
