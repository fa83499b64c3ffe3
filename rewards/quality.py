"""How good submissions are beyond right and wrong: bands of the share of tests passed, as in VERL-SQA."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from .verdict import Outcome, Verdict

_ORDER = (
    *("introductory", "easy", "interview", "medium", "medium_hard", "competition"),
    *("hard", "harder", "very_hard", "hardest", "external"),
)
"""The words of known task sets, merged so that each set is in its own order."""


class QualityBand(StrEnum):
    """A fifth of the scale; a share on a border belongs to the better band."""

    VERY_POOR = "very poor"
    POOR = "poor"
    FAIR = "fair"
    GOOD = "good"
    EXCELLENT = "excellent"

    @classmethod
    def of(cls, verdict: Verdict | None) -> QualityBand:
        """The band of a submission; the lowest one when nothing was judged."""
        bands = tuple(cls)
        tests = verdict.tests if verdict is not None else ()
        passed = sum(test.outcome is Outcome.PASSED for test in tests)
        return bands[min(len(bands) - 1, len(bands) * passed // max(1, len(tests)))]


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of a set of submissions."""

    count: int
    solved: int
    """How many passed every test."""
    mean_fraction: float
    """Mean share of tests passed; 0 for an empty set."""
    bands: dict[QualityBand, int]
    """How many are in each band; every band is there, the worst first."""

    @classmethod
    def of(cls, verdicts: Iterable[Verdict | None]) -> Self:
        """Sums verdicts up; None stands for an episode in which nothing was judged."""
        every = list(verdicts)
        counts = Counter(map(QualityBand.of, every))
        fractions = [verdict.fraction for verdict in every if verdict is not None]
        return cls(
            count=len(every),
            solved=sum(verdict is not None and verdict.passed for verdict in every),
            mean_fraction=sum(fractions) / max(1, len(every)),
            bands={band: counts[band] for band in QualityBand},
        )

    @classmethod
    def by_difficulty(cls, verdicts: Iterable[tuple[str, Verdict | None]]) -> dict[str, Self]:
        """Sums verdicts up for each difficulty, the easiest first.

        Args:
            verdicts: Difficulty of the task, and the verdict.
        """
        groups: defaultdict[str, list[Verdict | None]] = defaultdict(list)
        for difficulty, verdict in verdicts:
            groups[difficulty].append(verdict)
        return {name: cls.of(groups[name]) for name in sorted(groups, key=difficulty_rank)}


def difficulty_rank(difficulty: str) -> tuple[int, str]:
    """Sorts difficulties from easy to hard; words of no known task set come after, by name."""
    plain = difficulty.lower().replace(" ", "_").replace("-", "_")
    return (_ORDER.index(plain) if plain in _ORDER else len(_ORDER)), difficulty
