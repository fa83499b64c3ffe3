"""Section `rollout`: how training episodes are played."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...run_settings.section import Section

Engine = Literal["transformers", "sglang", "vllm", "sglang_http"]


class RolloutSettings(Section):
    """The engine, its sampling, and the bounds of an episode."""

    engine: Engine = "transformers"
    """`transformers` on CPU, `sglang` and `vllm` inside verl on GPUs, `sglang_http` for running servers."""
    urls: tuple[str, ...] = ()
    """Servers of `sglang_http`."""
    samples_per_task: int = Field(default=8, ge=1)
    """Episodes in a group."""
    temperature: float = Field(default=0.7, gt=0)
    """Of sampling."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Share of probability that is sampled from."""
    repetition_penalty: float = Field(default=1.0, gt=0)
    """More than 1 makes tokens that were seen less likely."""
    max_prompt_tokens: int = Field(default=192, ge=16)
    """Bound of a prompt."""
    max_response_tokens: int = Field(default=512, ge=16)
    """Bound of all after the prompt, observations included."""
    max_turn_tokens: int = Field(default=80, ge=4)
    """Bound of one message."""
    stop_at_call: bool = False
    """End a message where its tool call ends; without it the policy learns to end its turns itself."""
    episode_seconds: float = Field(default=120.0, gt=0)
    """Deadline of one training episode."""
    tensor_parallel: int = Field(default=1, ge=1)
    """GPUs that hold one copy of the model in the engine."""
    memory_share: float = Field(default=0.6, gt=0, lt=1)
    """Share of a GPU's memory that the engine takes."""
    workers: int = Field(default=1, ge=1)
    """Processes that play episodes."""
    schedule: Literal["sync", "colocate_async", "separate_async"] = "sync"
    """Whether episodes of the next step may start before the update of this one."""

    @property
    def episode_tokens(self) -> int:
        """The longest that prompt and response can be together."""
        return self.max_prompt_tokens + self.max_response_tokens
