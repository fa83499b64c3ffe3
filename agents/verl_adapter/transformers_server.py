"""The Ray actor that samples for verl on CPU.

It imports verl only when it answers: Ray loads this module before anything else in the actor's process,
and verl's own import must not find it half loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ..policies.policy import Sampling
from ..policies.transformers_policy import TransformersPolicy

if TYPE_CHECKING:
    from verl.workers.rollout.replica import TokenOutput


class TransformersServer:
    """Holds the model; one actor a replica."""

    def __init__(self, model_path: str, threads: int) -> None:
        torch.set_num_threads(threads)
        self._policy = TransformersPolicy.load(model_path)
        self._step: int | None = None

    async def generate(
        self, prompt_ids: list[int], sampling_params: dict[str, Any], request_id: str, **_: Any
    ) -> TokenOutput:
        """Samples one message; verl's client calls this."""
        from verl.workers.rollout.replica import TokenOutput

        sampling = Sampling(
            temperature=sampling_params.get("temperature", 1.0),
            top_p=sampling_params.get("top_p", 1.0),
            max_tokens=sampling_params.get("max_new_tokens") or sampling_params.get("max_tokens") or 1024,
            stop=tuple(sampling_params.get("stop") or ()),
            seed=sampling_params.get("seed"),
        )
        made = await self._policy.generator.generate(prompt_ids, sampling, key=sampling_params.get("key", ""))
        return TokenOutput(
            token_ids=list(made.token_ids),
            log_probs=list(made.logprobs),
            stop_reason=made.finish_reason,
            num_preempted=0,
            extra_fields={"global_steps": self._step},
        )

    async def update_weights(self, weights: dict[str, torch.Tensor], step: int | None) -> None:
        """Replaces the weights between two sampling steps."""
        await self._policy.generator.load_weights(weights)
        self._step = step

    async def set_global_steps(self, step: int) -> None:
        """The training step that the weights belong to."""
        self._step = step

    async def _nothing(self, *_args: Any, **_kwargs: Any) -> None:
        """Memory and profiling control of GPU engines."""

    wake_up = sleep = abort_all_requests = resume_generation = clear_kv_cache = _nothing
    release_kv_cache = resume_kv_cache = start_profile = stop_profile = ready = _nothing
