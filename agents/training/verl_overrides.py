"""Our settings as overrides of verl's configuration.

Only keys that verl 0.9.1 reads are written. What a user adds under `verl:` wins over them, and is first
checked against the keys that verl accepts and never reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..verl_adapter.names import AGENT_NAME
from ..verl_runs.hydra_overrides import hydra_overrides
from .ppo_keys import PPO_KEYS
from .train_config import TrainConfig
from .verl_platform_keys import platform_keys
from .verl_recipe_keys import (
    actor_keys,
    algorithm_keys,
    critic_keys,
    data_keys,
    rollout_keys,
    sampler_keys,
    trainer_keys,
    validation_keys,
)


def verl_overrides(
    config: TrainConfig,
    *,
    model: str | Path,
    rows: Path,
    agent_loops: Path,
    output: Path,
    steps: int,
    heldout: Path | None = None,
) -> list[str]:
    """Hydra overrides for `verl.trainer.main_ppo`.

    Args:
        config: The run.
        model: Folder or hub id of the policy to start from.
        rows: Parquet file of training rows.
        agent_loops: File that names the agent loop.
        output: Folder for checkpoints.
        steps: Training steps.
        heldout: Parquet file of the rows that verl measures on; None measures on none.

    Raises:
        ConfigError: If a key under `verl` is one that verl never reads.
    """
    PPO_KEYS.check(config.verl)
    keys = (
        trainer_keys(config, output, steps)
        | data_keys(config, rows, heldout)
        | actor_keys(config, model)
        | critic_keys(config, model)
        | rollout_keys(config, agent_loops)
        | validation_keys(config, steps, heldout)
        | algorithm_keys(config)
        | sampler_keys(config)
        | platform_keys(config, output)
    )
    return hydra_overrides(keys, config.verl)


def agent_loop_entry(config: TrainConfig, episodes_dir: Path) -> list[dict[str, Any]]:
    """The content of verl's agent-loop file."""
    return [
        {
            "name": AGENT_NAME,
            "_target_": "replgym.agents.verl_adapter.agent_loop.InterpreterAgentLoop",
            "env_json": config.env.model_dump_json(),
            "kernels": config.kernels,
            "episodes_dir": str(episodes_dir),
            "turn_tokens": config.rollout.max_turn_tokens,
            "episode_seconds": config.rollout.episode_seconds,
            "mask_void_turns": config.algorithm.mask_void_turns,
            "stop_at_call": config.rollout.stop_at_call,
            "repetition_penalty": config.rollout.repetition_penalty,
        }
    ]
