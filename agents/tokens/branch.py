"""One training sample: exact token ids, and which of them the policy sampled."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class Branch(BaseModel):
    """A context that only grew: `prompt_ids + response_ids` is what the engine saw, id for id.

    Field names are those of verl. All lists after `prompt_ids` have the same length, or `logprobs` is empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_ids: tuple[int, ...]
    response_ids: tuple[int, ...]
    response_mask: tuple[int, ...]
    """1 on ids that the policy sampled, 0 on ids of observations and of the template."""
    logprobs: tuple[float, ...] = ()
    """Natural log-probabilities at sampling time; 0.0 where the mask is 0."""
    exact: bool = True
    """False when ids were made from text, because the engine returned only text."""

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if len(self.response_mask) != len(self.response_ids):
            raise ValueError(
                f"response_mask has {len(self.response_mask)} entries "
                f"for {len(self.response_ids)} response_ids"
            )
        if self.logprobs and len(self.logprobs) != len(self.response_ids):
            raise ValueError(
                f"logprobs has {len(self.logprobs)} entries for {len(self.response_ids)} response_ids"
            )
        if not set(self.response_mask) <= {0, 1}:
            raise ValueError("response_mask may hold 0 and 1 only")
        return self
