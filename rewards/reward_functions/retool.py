"""The reward of ReTool (arXiv 2504.11536), as verl's recipe shapes it."""

from __future__ import annotations

from typing import ClassVar

from ..episode_facts import EpisodeFacts
from ..reward import Reward
from .outcomes import has_passed


class ReTool(Reward):
    """1 when every test passed; else -1 and a little more for each round of tool use, up to `most`."""

    name: ClassVar[str] = "retool"
    right: float = 1.0
    wrong: float = -1.0
    per_round: float = 0.1
    most: float = -0.6
    """The best that a failure can earn."""

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        if has_passed(facts):
            return self.right
        return min(self.most, self.wrong + self.per_round * facts.tool_rounds)
