"""Our settings in verl's own names.

Only keys that verl 0.9.1 reads are written here; what a user adds under `verl:` is checked against
verl's schema, and keys that it accepts but never reads are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...envs.env_config import ConfigError
from ..verl_adapter.names import AGENT_NAME, ENGINE
from .train_config import TrainConfig

_IGNORED = {
    "custom_reward_function": "reward.custom_reward_function",
    "reward_model": "reward.reward_model",
    "actor_rollout_ref.rollout.trace": "the episode log of this project",
    "actor_rollout_ref.rollout.multi_turn.use_inference_chat_template": "nothing: it has no effect",
    "actor_rollout_ref.rollout.multi_turn.tokenization_sanity_check_mode": "nothing: it has no effect",
}
"""Keys that verl 0.9.1 accepts and never reads under its V1 trainer, and what to use in their place."""


def verl_overrides(
    config: TrainConfig, *, model: Path, rows: Path, agent_loops: Path, output: Path
) -> list[str]:
    """Hydra overrides for `verl.trainer.main_ppo`.

    Args:
        config: The run.
        model: Folder of the policy to start from.
        rows: Parquet file of training rows.
        agent_loops: File that names the agent loop.
        output: Folder for checkpoints.

    Raises:
        ConfigError: If a key under `verl` is one that verl never reads.
    """
    check_ignored(config.verl)
    settings = (
        _trainer(config, output) | _data(config, rows) | _actor(config, model) | _rollout(config, agent_loops)
    )
    if config.platform == "cpu":
        settings |= _cpu()
    settings |= config.verl
    return [f"{key}={_hydra(value)}" for key, value in settings.items()]


def check_ignored(settings: Mapping[str, Any]) -> None:
    """Refuses keys that verl accepts but never reads.

    Raises:
        ConfigError: Names the key and what to use.
    """
    for key in settings:
        plain = key.lstrip("+~")
        for ignored, instead in _IGNORED.items():
            if plain == ignored or plain.startswith(ignored + "."):
                raise ConfigError(f"config key 'verl.{key}' is never read by verl 0.9.1; use {instead}")


def agent_loop_entry(config: TrainConfig, episodes_dir: Path) -> list[dict[str, Any]]:
    """The content of verl's agent-loop file."""
    return [
        {
            "name": AGENT_NAME,
            "_target_": "replgym.agents.verl_adapter.agent_loop.InterpreterAgentLoop",
            "env_json": config.env.model_dump_json(),
            "kernels": config.kernels,
            "episodes_dir": str(episodes_dir),
            "turn_tokens": config.grpo.max_turn_tokens,
            "episode_seconds": config.grpo.episode_seconds,
            "mask_void_turns": config.grpo.mask_void_turns,
            "stop_at_call": config.grpo.stop_at_call,
        }
    ]


def _trainer(config: TrainConfig, output: Path) -> dict[str, Any]:
    return {
        "trainer.use_v1": True,
        "trainer.v1.trainer_mode": "sync",
        "trainer.v1.sampler.sync_refill_failed_groups": True,
        "trainer.project_name": "replgym",
        "trainer.experiment_name": config.name,
        "trainer.logger": ["console", "file"],
        "trainer.total_training_steps": config.grpo.steps,
        "trainer.total_epochs": config.grpo.steps,
        "trainer.save_freq": config.grpo.save_every,
        "trainer.max_actor_ckpt_to_keep": 2,
        "trainer.test_freq": -1,
        "trainer.val_before_train": False,
        "trainer.resume_mode": "auto",
        "trainer.default_local_dir": str(output),
        "trainer.n_gpus_per_node": 1,
        "trainer.nnodes": 1,
        "algorithm.adv_estimator": "grpo",
        "algorithm.norm_adv_by_std_in_grpo": True,
        "algorithm.use_kl_in_reward": False,
        "reward.num_workers": 1,
        "actor_rollout_ref.actor.checkpoint.save_contents": ["model", "optimizer", "extra", "hf_model"],
    }


def _data(config: TrainConfig, rows: Path) -> dict[str, Any]:
    return {
        "data.train_files": str(rows),
        "data.val_files": str(rows),
        "data.train_batch_size": config.grpo.tasks_per_step,
        "data.max_prompt_length": config.grpo.max_prompt_tokens,
        "data.max_response_length": config.grpo.max_response_tokens,
        "data.return_raw_chat": True,
        "data.truncation": "error",
        "data.seed": config.seed,
        "data.shuffle": config.tasks.shuffle,
        "data.dataloader_num_workers": 0,
    }


def _actor(config: TrainConfig, model: Path) -> dict[str, Any]:
    tokens = 16 * (config.grpo.max_prompt_tokens + config.grpo.max_response_tokens)
    actor = "actor_rollout_ref.actor."
    return {
        "actor_rollout_ref.model.path": str(model),
        f"{actor}strategy": "fsdp2",
        f"{actor}optim.lr": config.grpo.learning_rate,
        f"{actor}optim.weight_decay": 0.0,
        f"{actor}optim.betas": config.grpo.adam_betas,
        f"{actor}ppo_mini_batch_size": config.grpo.tasks_per_step,
        f"{actor}use_dynamic_bsz": True,
        f"{actor}ppo_max_token_len_per_gpu": tokens,
        f"{actor}use_kl_loss": False,
        f"{actor}entropy_coeff": config.grpo.entropy_coefficient,
        f"{actor}clip_ratio_low": config.grpo.clip_low,
        f"{actor}clip_ratio_high": config.grpo.clip_high,
        f"{actor}loss_agg_mode": "token-mean",
    }


def _rollout(config: TrainConfig, agent_loops: Path) -> dict[str, Any]:
    rollout = "actor_rollout_ref.rollout."
    return {
        f"{rollout}mode": "async",
        f"{rollout}n": config.grpo.samples_per_task,
        f"{rollout}temperature": config.grpo.temperature,
        f"{rollout}calculate_log_probs": True,
        f"{rollout}log_prob_use_dynamic_bsz": True,
        f"{rollout}log_prob_max_token_len_per_gpu": 32
        * (config.grpo.max_prompt_tokens + config.grpo.max_response_tokens),
        f"{rollout}multi_turn.enable": True,
        f"{rollout}agent.num_workers": 1,
        f"{rollout}agent.agent_loop_config_path": str(agent_loops),
        f"{rollout}agent.default_agent_loop": AGENT_NAME,
    }


def _cpu() -> dict[str, Any]:
    """What verl needs without an accelerator; everything in float32, so that probabilities agree exactly."""
    fsdp = "actor_rollout_ref.actor.fsdp_config."
    return {
        "trainer.device": "cpu",
        "actor_rollout_ref.model.use_remove_padding": False,
        "actor_rollout_ref.model.enable_gradient_checkpointing": False,
        "+actor_rollout_ref.model.override_config.attn_implementation": "sdpa",
        "actor_rollout_ref.actor.use_torch_compile": False,
        f"{fsdp}strategy": "fsdp2",
        f"{fsdp}use_torch_compile": False,
        f"{fsdp}dtype": "float32",
        f"+{fsdp}mixed_precision.param_dtype": "fp32",
        "actor_rollout_ref.rollout.name": ENGINE,
        "actor_rollout_ref.rollout.tensor_model_parallel_size": 1,
        "actor_rollout_ref.rollout.free_cache_engine": False,
        "transfer_queue.backend.SimpleStorage.num_data_storage_units": 1,
        "transfer_queue.backend.SimpleStorage.total_storage_size": 10000,
        "+ray_kwargs.ray_init.address": "local",  # never a cluster that happens to run on this machine
        "+ray_kwargs.ray_init.num_gpus": 1,
        "ray_kwargs.ray_init.num_cpus": 8,
        "+ray_kwargs.ray_init.include_dashboard": False,
        "+ray_kwargs.ray_init.object_store_memory": 300_000_000,
    }


def _hydra(value: Any) -> str:
    """A value in hydra's override grammar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value) if any(mark in value for mark in " ,=[]{}:'") else value
    if isinstance(value, list | tuple):
        return "[" + ",".join(_hydra(item) for item in value) + "]"
    return str(value)
