"""The trainer's side of `sglang_http`: writes the weights once, and has every server load them.

All ranks take part, since each holds a part of every tensor; the first one writes. A server that does not
load them ends the run: nothing may be sampled by old weights.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray
import torch
from verl.workers.rollout.base import BaseRollout

from .names import SGLANG_HTTP
from .sglang_http_replica import server_name
from .sglang_http_settings import SGLangHttpSettings
from .weight_folder import write_weights
from .whole_tensor import whole_tensor


class SGLangHttpRollout(BaseRollout):  # type: ignore[misc]
    """Hands new weights to the servers through a folder that they share with the trainer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes verl's arguments; the settings are in `rollout.custom`."""
        super().__init__(*args, **kwargs)
        self._settings = SGLangHttpSettings.of(self.config)
        self._run = secrets.token_hex(4)
        """Tells these weights from those of another run at the same step."""

    async def resume(self, tags: list[str]) -> None:
        """Nothing to do: the servers have memory of their own."""

    async def release(self) -> None:
        """Nothing to do: the servers have memory of their own."""

    async def update_weights(
        self,
        weights: Iterator[tuple[str, torch.Tensor]],
        wire_format: str = "named_tensors",
        global_steps: int | None = None,
        peft_config: Any = None,
        **_: Any,
    ) -> None:
        """Writes all parameters and waits until every server has loaded them.

        Raises:
            ValueError: If verl sends deltas or adapters.
            RuntimeError: If a server did not load them in time; one line says which and why.
        """
        if wire_format != "named_tensors":
            raise ValueError(f"{SGLANG_HTTP} takes wire_format='named_tensors', not {wire_format!r}")
        if peft_config is not None:
            raise ValueError(
                f"{SGLANG_HTTP} takes whole weights: set actor_rollout_ref.model.lora.merge=true"
            )
        version = f"{self._run}-{global_steps}"
        folder = self._settings.weights_folder / version
        if torch.distributed.get_rank() != 0:
            for _name, tensor in weights:
                whole_tensor(tensor)  # to gather a tensor takes every rank
            return
        write_weights(weights, folder)
        try:
            await self._load(folder, version, global_steps)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _load(self, folder: Path, version: str, step: int | None) -> None:
        replicas = torch.distributed.get_world_size() // _ranks_of_a_replica(self.config)
        servers = [ray.get_actor(server_name(replica)) for replica in range(replicas)]
        try:
            async with asyncio.timeout(self._settings.sync_seconds + 30):
                await asyncio.gather(
                    *(server.load_weights.remote(str(folder), version, step) for server in servers)
                )
        except ray.exceptions.RayTaskError as error:
            raise RuntimeError(str(error.cause)) from None
        except TimeoutError:
            seconds = self._settings.sync_seconds
            raise RuntimeError(
                f"the servers did not load the weights of step {step} in {seconds:g} s"
            ) from None


def _ranks_of_a_replica(config: Any) -> int:
    return int(
        config.tensor_model_parallel_size * config.data_parallel_size * config.pipeline_model_parallel_size
    )
