"""A count of messages that led nowhere, for a negative weight."""

from __future__ import annotations

from typing import ClassVar

from ..episode_facts import EpisodeFacts
from ..reward import Reward


class VoidTurns(Reward):
    """How many messages brought neither code nor an answer, as SimpleTIR counts them (arXiv 2509.02479)."""

    name: ClassVar[str] = "void-turns"

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        return float(facts.void_turns)
