"""The reward of Code-R1 and of its KodCode fork (arXiv 2503.02951)."""

from __future__ import annotations

from typing import ClassVar

from ..code_extraction import answer_of, blocks_of
from ..episode_facts import EpisodeFacts
from ..reward import Reward
from .outcomes import has_passed
from .response_format import is_think_answer


class CodeR1(Reward):
    """1.1 when every test passed, 0.1 when not, and -1.1 for a wrong format or no code."""

    name: ClassVar[str] = "code-r1"
    format_reward: float = 0.1
    answer_reward: float = 1.0
    tags: bool = True
    """Whether the last message must think in tags and answer with a block; else any submission will do."""

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        if facts.submission is None or (self.tags and not _is_formatted(facts.response)):
            return -self.answer_reward - self.format_reward
        return self.format_reward + (self.answer_reward if has_passed(facts) else 0.0)


def _is_formatted(text: str) -> bool:
    return is_think_answer(text) and any(block.code.strip() for block in blocks_of(answer_of(text) or ""))
