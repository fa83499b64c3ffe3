"""The execution reward of X-Coder (arXiv 2601.06953)."""

from __future__ import annotations

from typing import ClassVar

from ..episode_facts import EpisodeFacts
from ..reward import Reward
from ..verdict import Outcome


class Execution(Reward):
    """The share of tests that passed, times `best`; penalties for no answer and for a syntax error.

    X-Coder draws at most ten tests anew for every response. Here it is the tests that were judged, which are
    the same for all responses of a group, capped or not.
    """

    name: ClassVar[str] = "execution"
    best: float = 5.0
    syntax_error: float = -2.0
    no_answer: float = -2.0
    """Nothing was handed in, or there are no tests."""

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        if facts.verdict is None or not facts.verdict.tests:
            return self.no_answer
        if any(test.outcome is Outcome.SYNTAX_ERROR for test in facts.verdict.tests):
            return self.syntax_error
        return self.best * facts.verdict.fraction
