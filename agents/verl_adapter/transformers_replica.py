"""A rollout replica for verl on CPU whose engine is `BatchedGenerator`: ids in, ids and logprobs out.

It is the smallest replica that is exact: weights come by value from the trainer after every step, and a
request is answered by the weights of exactly one step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import ray
import torch
from verl.workers.rollout.base import BaseRollout
from verl.workers.rollout.replica import RolloutReplica

from .names import ENGINE
from .transformers_server import TransformersServer
from .whole_tensor import whole_tensor

_SERVER_NAME = "replgym_transformers_{}"
_SECONDS = 300.0


class TransformersReplica(RolloutReplica):  # type: ignore[misc]
    """One server a replica."""

    async def launch_servers(self) -> None:
        """Starts the actor and waits until the model is loaded."""
        name = _SERVER_NAME.format(self.replica_rank)
        actor = ray.remote(TransformersServer).options(
            name=name, num_cpus=0.1, max_concurrency=self.max_concurrency
        )
        server = actor.remote(self.model_config.path, torch.get_num_threads())
        await asyncio.wait_for(server.ready.remote(), _SECONDS)
        self.servers = [server]
        self._server_handle = server
        self._server_address = f"{ENGINE}:{self.replica_rank}"


class TransformersRollout(BaseRollout):  # type: ignore[misc]
    """The trainer's side: every rank hands new weights to the server of its replica."""

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
            TimeoutError: If the server does not take them.
        """
        if wire_format != "named_tensors":
            raise ValueError(f"{ENGINE} takes wire_format='named_tensors', not {wire_format!r}")
        full = {name: whole_tensor(tensor).float().clone() for name, tensor in weights}
        replica = torch.distributed.get_rank() // self.config.tensor_model_parallel_size
        server = ray.get_actor(_SERVER_NAME.format(replica))
        await asyncio.wait_for(server.update_weights.remote(full, global_steps), _SECONDS)
