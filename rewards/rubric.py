"""Rewards as named, weighted functions of what happened in an episode."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class Submission:
    """What happened, as far as rewards can depend on it."""

    verdict: Verdict | None = None
    """None when nothing was judged."""
    submitted: bool = False
    turns: int = 0
    parse_errors: int = 0


@dataclass(frozen=True, slots=True)
class RewardBreakdown:
    """A reward and where it came from."""

    total: float
    parts: Mapping[str, float]
    """Name of the reward function -> its value times its weight."""


RewardFunction = Callable[[Submission], float]


class Rubric:
    """A weighted sum of reward functions."""

    def __init__(
        self, weights: Mapping[str, float], *, functions: Mapping[str, RewardFunction] | None = None
    ) -> None:
        """Checks the names and weights.

        Args:
            weights: Name of a reward function -> its weight.
            functions: More reward functions, by name, beside the built-in ones.

        Raises:
            ValueError: If a name is unknown, a weight is not finite, or there is none.
        """
        known = {**BUILT_IN_REWARDS, **(functions or {})}
        if not weights:
            raise ValueError(f"a rubric needs at least one weight; use some of: {', '.join(sorted(known))}")
        for name, weight in weights.items():
            if name not in known:
                raise ValueError(f"unknown reward {name!r}; use some of: {', '.join(sorted(known))}")
            if not math.isfinite(weight):
                raise ValueError(f"the weight of reward {name!r} is {weight!r}; it must be finite")
        self.weights: Mapping[str, float] = MappingProxyType({name: float(weights[name]) for name in weights})
        self._functions = {name: known[name] for name in weights}

    def score(self, submission: Submission) -> RewardBreakdown:
        """Computes the reward of one submission."""
        parts = {
            name: self.weights[name] * function(submission) for name, function in self._functions.items()
        }
        return RewardBreakdown(math.fsum(parts.values()), MappingProxyType(parts))


def _passed(submission: Submission) -> float:
    return float(submission.verdict is not None and submission.verdict.passed)


def _fraction(submission: Submission) -> float:
    return submission.verdict.fraction if submission.verdict is not None else 0.0


def _submitted(submission: Submission) -> float:
    return float(submission.submitted)


BUILT_IN_REWARDS: Mapping[str, RewardFunction] = MappingProxyType(
    {"passed": _passed, "fraction": _fraction, "submitted": _submitted}
)
"""The reward functions that every rubric knows."""
