"""A reward manager for verl's own loops: our judge and rubrics, so many responses at a time.

In verl: `reward.reward_manager.source=importlib`, `name=JudgeRewardManager` and
`module.path=pkg://replgym.agents.verl_adapter.judge_reward_manager`; `RewardSettings` as
`+reward.reward_kwargs.*`. Where verl's manager scores what it decodes of a whole response, this one reads
only what the model wrote last, so that no program in an output of a tool counts as its answer.

A fault of the machine is raised: verl then leaves the response out of its group. It has no other word for
"not scored", and a zero would be a wrong answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

from .reward_function import compute_score
from .setting_error import setting_error


class RewardSettings(BaseModel):
    """What a run may choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    extraction: str = "last-block"
    """How the program is found in the last message, a name in `CODE_EXTRACTIONS`."""
    rubric: str | dict[str, Any] = "all-pass"
    """How the verdict is scored, as configurations write it."""
    time_limit: float | None = Field(default=None, gt=0)
    """Seconds for all tests; by default the task's own, or 30."""
    allow_unproven: bool = False
    """Whether a test may pass that nothing proves from outside; a policy could learn that."""
    concurrency: int = Field(default=8, ge=1)
    """Responses at once in each of verl's reward workers."""


class JudgeRewardManager(RewardManagerBase):  # type: ignore[misc]
    """Scores the last message of a response with the judge."""

    def __init__(self, config: Any, tokenizer: Any, compute_score: Any, **_: Any) -> None:
        """Takes verl's arguments.

        Raises:
            ValueError: If a reward function is set beside it, or a setting is wrong.
        """
        super().__init__(config, tokenizer, compute_score)
        if config.reward.custom_reward_function.path is not None:
            raise ValueError(
                "reward.custom_reward_function.path is set, but JudgeRewardManager calls none: unset one"
            )
        settings = OmegaConf.to_container(
            config.reward.get("reward_kwargs") or OmegaConf.create({}), resolve=True
        )
        try:
            self._settings = RewardSettings.model_validate(settings)
        except ValidationError as error:
            raise setting_error("reward.reward_kwargs", RewardSettings, error) from None
        self._free = asyncio.Semaphore(self._settings.concurrency)

    async def run_single(self, data: DataProto) -> dict[str, Any]:
        """Scores the last output of one trajectory.

        Raises:
            JudgeError, RowError: If the machine failed, or the tests cannot be read.
        """
        item = data[-1]
        responses = item.batch["responses"]
        length = int(item.batch["attention_mask"][-responses.shape[-1] :].sum())
        text = self.tokenizer.decode(
            self._last_message(responses[:length].tolist()), skip_special_tokens=True
        )
        async with self._free:
            scored = await compute_score(
                item.non_tensor_batch["data_source"],
                text,
                item.non_tensor_batch["reward_model"]["ground_truth"],
                item.non_tensor_batch.get("extra_info"),
                **self._settings.model_dump(exclude={"concurrency"}),
            )
        return {"reward_score": scored["score"], "reward_extra_info": scored}

    def _last_message(self, ids: list[int]) -> list[int]:
        """What comes after the end of the message before."""
        end = self.tokenizer.eos_token_id
        whole = ids[:-1] if ids and ids[-1] == end else ids
        return whole[len(whole) - whole[::-1].index(end) :] if end in whole else whole
