"""The seam of rewards: a function from what happened to a number, and its options as data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from .episode_facts import EpisodeFacts

RewardFunction = Callable[[EpisodeFacts], float]
"""Any function will do; those that are known by name are `Reward`s."""


class RewardError(ValueError):
    """A rubric or one of its rewards cannot be used so; one line names the field, the value and the fix."""


class Reward(BaseModel):
    """A reward function with a name; its fields are its options."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: ClassVar[str]
    """What rubrics call it."""

    @abstractmethod
    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
