"""A rollout replica for verl whose engine is any SGLang server that runs already, spoken to over HTTP.

Replicas share the servers out; each is one small actor. Where there are as many replicas as servers, verl's
own balancer keeps a trajectory on its server; where a replica has several, its fleet does, by the key that
our agent loop gives.
"""

from __future__ import annotations

import asyncio
from typing import Any

import ray
from verl.workers.rollout.replica import RolloutReplica

from .names import SGLANG_HTTP
from .sglang_http_server import SGLangHttpServer
from .sglang_http_settings import SGLangHttpSettings, share_of

_START_SECONDS = 300.0


def server_name(replica: int) -> str:
    """The name of a replica's actor in Ray."""
    return f"replgym_{SGLANG_HTTP}_{replica}"


class SGLangHttpReplica(RolloutReplica):  # type: ignore[misc]
    """One actor over its share of the servers."""

    async def init_hybrid(self, worker_group: Any) -> None:
        """Takes the place beside the trainer's workers and starts the actor."""
        self._replicas = worker_group.world_size // self.world_size
        await super().init_hybrid(worker_group)

    async def init_standalone(self) -> None:
        """Refuses: the servers need no GPUs of verl's.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f"rollout.name={SGLANG_HTTP} is not allowed with GPUs set aside for rollouts, as trainer_mode="
            "separate_async does: use trainer.v1.trainer_mode=sync or colocate_async"
        )

    async def launch_servers(self) -> None:
        """Starts the actor, which checks its servers.

        Raises:
            RuntimeError: If a server cannot be trained with.
        """
        settings = SGLangHttpSettings.of(self.config)
        mine = share_of(settings.urls, self.replica_rank, self._replicas)
        actor = ray.remote(SGLangHttpServer).options(
            name=server_name(self.replica_rank), num_cpus=0.1, max_concurrency=self.max_concurrency
        )
        server = actor.remote(
            settings,
            self.model_config.get("tokenizer_path") or self.model_config.path,
            urls=mine or (settings.urls[self.replica_rank % len(settings.urls)],),
            looks_after=mine,
            temperature=self.config.temperature,
            slots=self.config.max_num_seqs,
            lengths=(self.config.prompt_length, self.config.response_length),
        )
        await asyncio.wait_for(server.check.remote(), timeout=_START_SECONDS)
        self.servers = [server]
        self._server_handle = server
        self._server_address = f"{SGLANG_HTTP}:{self.replica_rank}"
