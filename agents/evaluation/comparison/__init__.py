"""Runs over the same tasks, compared task by task."""

from .compare import compare
from .comparison import Comparison, GroupDifference, MeasureDifference, PairComparison, RunSide
from .not_comparable import NotComparableError

__all__ = [
    "Comparison",
    "GroupDifference",
    "MeasureDifference",
    "NotComparableError",
    "PairComparison",
    "RunSide",
    "compare",
]
