"""The reward of PRIME's code tasks (arXiv 2502.01456), as in verl's `prime_code`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ..episode_facts import EpisodeFacts
from ..reward import Reward
from ..verdict import Outcome


class Prime(Reward):
    """1 when every test passed; else the share of the first tests that passed, if `continuous`, or 0."""

    name: ClassVar[str] = "prime"
    continuous: bool = True
    tests: int = Field(default=10, ge=1)
    """How many of the first tests count."""

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        verdict = facts.verdict
        if verdict is None:
            return 0.0
        if verdict.passed or not self.continuous:
            return float(verdict.passed)
        first = verdict.tests[: self.tests]
        return sum(test.outcome is Outcome.PASSED for test in first) / max(1, len(first))
