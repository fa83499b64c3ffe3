"""Pauses between attempts that grow, and differ between callers that failed together."""

from __future__ import annotations

import random


class Backoff:
    """Doubles from the first pause to the longest; each is drawn from the upper half of its range."""

    def __init__(self, first: float, most: float, rng: random.Random | None = None) -> None:
        """Starts at the first pause, in seconds."""
        self._next = first
        self._most = most
        self._rng = rng or random.Random()

    def pause(self) -> float:
        """Seconds to wait now."""
        longest = min(self._most, self._next)
        self._next = 2 * longest
        return longest * self._rng.uniform(0.5, 1.0)
