"""Rewards for what the judge found, without any shaping."""

from __future__ import annotations

from typing import ClassVar

from ..episode_facts import EpisodeFacts
from ..reward import Reward


def has_passed(facts: EpisodeFacts) -> bool:
    """Whether a submission passed every test."""
    return facts.verdict is not None and facts.verdict.passed


class Passed(Reward):
    """1 when every test passed, else 0."""

    name: ClassVar[str] = "passed"

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        return float(has_passed(facts))


class Fraction(Reward):
    """The share of tests that passed."""

    name: ClassVar[str] = "fraction"

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        return facts.verdict.fraction if facts.verdict is not None else 0.0


class Submitted(Reward):
    """1 when a program was handed in, else 0."""

    name: ClassVar[str] = "submitted"

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        return float(facts.submission is not None)


class RightOrWrong(Reward):
    """One of two numbers: every test passed, or not; the rule of DAPO (arXiv 2503.14476)."""

    name: ClassVar[str] = "right-or-wrong"
    right: float = 1.0
    wrong: float = -1.0

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        return self.right if has_passed(facts) else self.wrong
