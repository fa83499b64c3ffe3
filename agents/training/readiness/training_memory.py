"""What of a run of reinforcement learning decides about memory."""

from __future__ import annotations

from ...verl_runs.readiness.memory_plan import MemoryPlan
from ...verl_runs.readiness.model_size import ModelSize
from ..train_config import TrainConfig


def training_memory(config: TrainConfig, model: ModelSize, critic: ModelSize | None) -> MemoryPlan:
    """The plan of a run.

    Args:
        config: The run.
        model: The policy.
        critic: The value model, where there is one.
    """
    apart = config.rollout.schedule == "separate_async" or config.rollout.engine == "sglang_http"
    streamed = bool(config.verl.get("actor_rollout_ref.actor.fsdp_config.offload_policy"))
    return MemoryPlan(
        model=model,
        critic=critic,
        gpus_per_node=config.cluster.gpus_per_node,
        nodes=config.cluster.nodes,
        tokens=config.tokens_per_gpu,
        number=4 if config.platform == "cpu" else 2,
        checkpointing=config.optimiser.gradient_checkpointing,
        offload=config.optimiser.offload or streamed,
        streamed=streamed,
        scaled=config.rollout.temperature != 1.0,
        entropy=config.algorithm.entropy_coefficient > 0,
        reference=bool(config.algorithm.kl_loss or config.algorithm.kl_reward),
        engine_inside=not apart,
    )
