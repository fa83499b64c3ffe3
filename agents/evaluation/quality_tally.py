"""The quality of submissions, counted as they come."""

from __future__ import annotations

from collections import Counter

from ...rewards.quality import Quality, QualityBand
from ...rewards.verdict import Verdict


class QualityTally:
    """Adds up to a `Quality` without keeping a verdict."""

    def __init__(self) -> None:
        self._count = self._solved = 0
        self._fractions = 0.0
        self._bands: Counter[QualityBand] = Counter()

    def add(self, verdict: Verdict | None) -> None:
        """Counts one scored episode; None stands for one in which nothing was judged."""
        self._count += 1
        self._solved += verdict is not None and verdict.passed
        self._fractions += verdict.fraction if verdict is not None else 0.0
        self._bands[QualityBand.of(verdict)] += 1

    def quality(self) -> Quality:
        """What was counted so far."""
        return Quality(
            count=self._count,
            solved=self._solved,
            mean_fraction=self._fractions / max(1, self._count),
            bands={band: self._bands[band] for band in QualityBand},
        )
