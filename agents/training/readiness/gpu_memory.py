"""Whether the smallest GPU holds the run, by estimate."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...verl_runs.readiness.finding import Finding
from ...verl_runs.readiness.gpu_memory import ROOM, check_phase, check_update_memory
from ...verl_runs.readiness.machine import Machine
from ...verl_runs.readiness.memory_estimate import key_value_tokens, rollout_memory
from ...verl_runs.readiness.memory_plan import MemoryPlan
from ..train_config import TrainConfig

_STREAMED = "actor_rollout_ref.actor.fsdp_config.offload_policy"
_EPISODES = 8
"""Episodes at once below which generation is slow."""


def check_gpu_memory(config: TrainConfig, plan: MemoryPlan | None, machine: Machine) -> Iterator[Finding]:
    """Update, rollout and the engine's KV cache."""
    yield from check_update_memory(config, plan, machine, _fix_update(config))
    if config.platform == "cpu" or plan is None or not machine.gpus or not plan.engine_inside:
        return
    memory = machine.smallest_gpu
    engine = config.rollout.memory_share * memory
    rollout = rollout_memory(plan, engine)
    most = max(0.0, config.rollout.memory_share - (rollout.total - ROOM * memory) / memory)
    yield check_phase(rollout, memory, _fix_rollout(plan, most))
    yield _cache(config, plan, engine)


def _fix_update(config: TrainConfig) -> str:
    ways = ["more GPUs (cluster.gpus_per_node, cluster.nodes)"]
    if config.tokens_per_gpu > config.rollout.episode_tokens:
        ways.append(f"optimiser.tokens_per_gpu below {config.tokens_per_gpu}")
    elif config.cluster.gpus > config.optimiser.sequence_parallel:
        ways.append(f"optimiser.sequence_parallel above {config.optimiser.sequence_parallel}")
    if not config.optimiser.gradient_checkpointing:
        ways.append("optimiser.gradient_checkpointing=true")
    if config.algorithm.critic and not config.optimiser.offload:
        ways.append("optimiser.offload=true")
    if not config.verl.get(_STREAMED):
        ways.append(f"verl.{_STREAMED}=true, which is slow")
    return f"{', '.join(ways)}, or a smaller model"


def _fix_rollout(plan: MemoryPlan, most: float) -> str:
    lower = f"rollout.memory_share={math.floor(100 * most) / 100}" if most > 0 else "more GPUs"
    return lower if plan.offload else f"{lower}, or optimiser.offload=true"


def _cache(config: TrainConfig, plan: MemoryPlan, engine: float) -> Finding:
    """Long episodes need room in the engine, or they are played one after the other."""
    tokens = key_value_tokens(plan, engine, config.rollout.tensor_parallel)
    episode = config.rollout.episode_tokens
    value = f"{max(0, tokens)} tokens in the engine"
    fix = "a larger rollout.memory_share or rollout.tensor_parallel"
    if tokens < episode:
        return Finding.error("KV cache", value, f"{episode} tokens of one episode", fix)
    if tokens < _EPISODES * episode:
        need = f"{_EPISODES} episodes of {episode} tokens at once, not to be slow"
        return Finding.warning("KV cache", value, need, fix)
    return Finding.ok("KV cache", value, f"{episode} tokens an episode")
