"""What the machines under a recipe need, in the keys that verl 0.9.1 reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .train_config import TrainConfig
from .verl_recipe_keys import Keys

_STORAGE = "transfer_queue.backend.SimpleStorage."
_RAY = "ray_kwargs.ray_init."
_SERVERS = "actor_rollout_ref.rollout.custom."


def platform_keys(config: TrainConfig, output: Path) -> Keys:
    """Keys of the platform, of Ray and of the engine's servers."""
    keys = _cpu_keys(config) if config.platform == "cpu" else _cuda_keys(config)
    if config.rollout.engine == "sglang_http":
        keys[f"+{_SERVERS}urls"] = config.rollout.urls
        keys[f"+{_SERVERS}weights_folder"] = str(output.resolve().parent / "engine-weights")
    return keys | _ray_keys(config)


def _ray_keys(config: TrainConfig) -> Keys:
    if config.cluster.joined_ray:
        return {f"+{_RAY}address": config.cluster.joined_ray}
    keys: Keys = {f"+{_RAY}address": "local", f"+{_RAY}include_dashboard": False}
    if config.platform == "cpu":
        keys[f"+{_RAY}num_gpus"] = config.cluster.gpus_per_node  # the places of processes that train
        keys[f"{_RAY}num_cpus"] = 8
        keys[f"+{_RAY}object_store_memory"] = 300_000_000
    return keys


def _cpu_keys(config: TrainConfig) -> Keys:
    """Everything in float32, so that the probabilities of engine and trainer agree exactly."""
    keys: Keys = {
        "trainer.device": "cpu",
        "actor_rollout_ref.actor.use_torch_compile": False,
        "actor_rollout_ref.rollout.free_cache_engine": False,
        f"{_STORAGE}num_data_storage_units": 1,
        f"{_STORAGE}total_storage_size": 10_000,
    }
    for model in _models(config):
        keys[f"{model}use_remove_padding"] = False
        keys[f"+{model}override_config.attn_implementation"] = "sdpa"
    for fsdp in _fsdp(config):
        keys[f"{fsdp}strategy"] = "fsdp2"
        keys[f"{fsdp}use_torch_compile"] = False
        keys[f"{fsdp}dtype"] = "float32"
        keys[f"+{fsdp}mixed_precision.param_dtype"] = "fp32"
    return keys


def _cuda_keys(config: TrainConfig) -> Keys:
    rollout, prefix = config.rollout, "actor_rollout_ref.rollout."
    keys: Keys = {
        "trainer.device": "cuda",
        "actor_rollout_ref.actor.entropy_from_logits_with_chunking": True,
        f"{prefix}gpu_memory_utilization": rollout.memory_share,
        f"{_STORAGE}num_data_storage_units": config.cluster.nodes,  # each takes a CPU of Ray
    }
    if rollout.engine == "sglang":
        keys[f"{prefix}skip_tokenizer_init"] = not rollout.stop_at_call  # without one it refuses stop texts
    for model in _models(config):
        keys[f"{model}use_remove_padding"] = True
    for fsdp in _fsdp(config):
        keys[f"{fsdp}param_offload"] = config.optimiser.offload
        keys[f"{fsdp}optimizer_offload"] = config.optimiser.offload
    return keys


def _models(config: TrainConfig) -> Iterator[str]:
    yield "actor_rollout_ref.model."
    if config.algorithm.critic:
        yield "critic.model."


def _fsdp(config: TrainConfig) -> Iterator[str]:
    yield "actor_rollout_ref.actor.fsdp_config."
    if config.algorithm.kl_loss or config.algorithm.kl_reward:
        yield "actor_rollout_ref.ref.fsdp_config."
    if config.algorithm.critic:
        yield "critic.fsdp."
