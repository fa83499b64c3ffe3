"""DAPO's soft punishment of responses that come near their limit (arXiv 2503.14476)."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from ..episode_facts import EpisodeFacts
from ..reward import Reward, RewardError

_LIMIT = 20_480
_BUFFERS = 5


class Overlong(Reward):
    """0 up to the buffer before the limit, then linearly down to `-factor` at the limit.

    Tokens of observations count, as in verl's reward manager for DAPO.
    """

    name: ClassVar[str] = "overlong"
    limit: int | None = Field(default=None, ge=1)
    """The most tokens of a response; that of the rollout by default, and DAPO's 20,480 where it has none."""
    buffer: int | None = Field(default=None, ge=1)
    """Tokens before the limit that cost; a fifth of the limit by default, as DAPO's 4,096."""
    factor: float = Field(default=1.0, ge=0)

    @model_validator(mode="after")
    def _buffer_fits(self) -> Self:
        if self.limit is not None and self.buffer is not None and self.buffer > self.limit:
            raise ValueError(
                f"buffer {self.buffer} is larger than limit {self.limit}; give at most the limit"
            )
        return self

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode.

        Raises:
            RewardError: If the length of the response is not known, or the buffer is larger than the limit.
        """
        if not facts.turns:
            return 0.0
        length = facts.tokens.response
        if length is None:
            raise RewardError(
                "reward 'overlong' needs the number of tokens of the response, which this caller does not "
                "give; play through a rollout whose policy counts tokens, or leave the reward out"
            )
        limit = self.limit or facts.tokens.limit or _LIMIT
        buffer = self.buffer or max(1, limit // _BUFFERS)
        if buffer > limit:
            raise RewardError(f"reward 'overlong': buffer {buffer} is larger than the limit {limit}")
        return min(0.0, (limit - buffer - length) / buffer * self.factor)
