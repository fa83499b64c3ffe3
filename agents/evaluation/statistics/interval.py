"""A range that is likely to hold a number."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, both ends included."""

    low: float
    high: float


def normal_quantile(confidence: float) -> float:
    """How many standard errors a two-sided interval of this coverage reaches: 1.96 for 0.95.

    Raises:
        ValueError: If the confidence is impossible.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1")
    return NormalDist().inv_cdf((1 + confidence) / 2)
