"""A rollout replica for verl whose engine is `BatchedGenerator`: token ids in, token ids and logprobs out, on CPU.

It is the smallest replica that is exact: weights come by value from the trainer after every step, and a request is answered by the
weights of exactly one step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import ray
import torch
from verl.workers.rollout.base import BaseRollout
from verl.workers.rollout.replica import RolloutReplica, TokenOutput

ENGINE = "transformers_cpu"
_SERVER_NAME = "replgym_transformers_{}"


class TransformersServer:
    """The Ray actor that holds the model."""

    def __init__(self, model_path: str, threads: int) -> None:
        from ..transformers_policy import TransformersPolicy

        torch.set_num_threads(threads)
        self._policy = TransformersPolicy.load(model_path)
        self._step: int | None = None

    async def generate(
        self, prompt_ids: list[int], sampling_params: dict[str, Any], request_id: str, **_: Any
    ) -> TokenOutput:
        """Samples one message; verl's client calls this."""
        from ..policy import Sampling

        sampling = Sampling(
            temperature=sampling_params.get("temperature", 1.0),
            top_p=sampling_params.get("top_p", 1.0),
            max_tokens=sampling_params.get("max_new_tokens") or sampling_params.get("max_tokens") or 1024,
            seed=sampling_params.get("seed"),
        )
        made = await self._policy.generator.generate(prompt_ids, sampling, key=sampling_params.get("key", request_id))
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


class TransformersReplica(RolloutReplica):  # type: ignore[misc]
    """One server a replica."""

    async def launch_servers(self) -> None:
        """Starts the actor and waits until the model is loaded."""
        name = _SERVER_NAME.format(self.replica_rank)
        actor = ray.remote(TransformersServer).options(name=name, num_cpus=0.1, max_concurrency=self.max_concurrency)
        server = actor.remote(self.model_config.path, torch.get_num_threads())
        await asyncio.wait_for(server.ready.remote(), timeout=300)
        self.servers = [server]
        self._server_handle = server
        self._server_address = f"{ENGINE}:{self.replica_rank}"


class TransformersRollout(BaseRollout):  # type: ignore[misc]
    """The trainer's side: hands new weights to the server."""

    async def resume(self, tags: list[str]) -> None:
        """Nothing to do: host memory is not handed back."""

    async def release(self) -> None:
        """Nothing to do: host memory is not handed back."""

    async def update_weights(
        self,
        weights: Iterator[tuple[str, torch.Tensor]],
        wire_format: str = "named_tensors",
        global_steps: int | None = None,
        **_: Any,
    ) -> None:
        """Sends all parameters by value.

        Raises:
            ValueError: If verl sends deltas, which this engine does not take.
        """
        if wire_format != "named_tensors":
            raise ValueError(f"{ENGINE} takes wire_format='named_tensors', not {wire_format!r}")
        full = {
            name: (tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor).detach().float().clone()
            for name, tensor in weights
        }
        server = ray.get_actor(_SERVER_NAME.format(0))
        await server.update_weights.remote(full, global_steps)
