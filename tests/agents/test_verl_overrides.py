"""Settings of ours in verl's names, composed by verl's own schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from replgym.agents.run_settings.cluster import ClusterSettings
from replgym.agents.training.ppo_keys import PPO_KEYS
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.verl_overrides import agent_loop_entry, verl_overrides
from replgym.agents.verl_adapter.names import AGENT_NAME, ENGINE, SGLANG_HTTP
from replgym.agents.verl_adapter.sglang_http_settings import SGLangHttpSettings
from replgym.agents.verl_runs.verl_schema import check_verl_schema, compose_verl
from replgym.envs import ConfigError, EnvConfig

STEPS = 30


def composed(config: TrainConfig, folder: Path, heldout: Path | None = None) -> Any:
    """What verl makes of our overrides, by its own schema."""
    overrides = verl_overrides(
        config,
        model=folder / "model",
        rows=folder / "rows of a run.parquet",
        agent_loops=folder / "agent_loops.yaml",
        output=folder / "checkpoints",
        steps=STEPS,
        heldout=heldout,
    )
    return compose_verl(overrides)


def test_the_default_arrives(tmp_path: Path) -> None:
    config = TrainConfig.load("multiturn_cpu")
    made = composed(config, tmp_path)
    actor, rollout = made.actor_rollout_ref.actor, made.actor_rollout_ref.rollout
    assert made.data.train_files == str(tmp_path / "rows of a run.parquet")
    assert made.actor_rollout_ref.model.path == str(tmp_path / "model")
    assert made.trainer.default_local_dir == str(tmp_path / "checkpoints")
    assert rollout.agent.agent_loop_config_path == str(tmp_path / "agent_loops.yaml")
    assert (made.algorithm.adv_estimator, made.trainer.use_v1) == ("grpo", True)
    assert (made.trainer.total_training_steps, made.trainer.save_freq) == (
        STEPS,
        config.optimiser.save_every,
    )
    assert (made.data.train_batch_size, rollout.n) == (
        config.optimiser.tasks_per_step,
        config.rollout.samples_per_task,
    )
    assert (rollout.prompt_length, rollout.response_length) == (
        config.rollout.max_prompt_tokens,
        config.rollout.max_response_tokens,
    )
    assert (actor.optim.lr, rollout.temperature) == (
        config.optimiser.learning_rate,
        config.rollout.temperature,
    )
    assert (actor.clip_ratio_low, actor.clip_ratio_high) == (
        config.algorithm.clip_low,
        config.algorithm.clip_high,
    )
    assert (actor.entropy_coeff, actor.use_kl_loss) == (config.algorithm.entropy_coefficient, True)
    assert (actor.kl_loss_coef, actor.optim.lr_warmup_steps) == (
        config.algorithm.kl_loss,
        config.optimiser.warmup_steps,
    )
    assert not made.data.shuffle  # the levels in turn
    assert (rollout.mode, rollout.multi_turn.enable, rollout.calculate_log_probs) == ("async", True, True)
    assert (rollout.name, rollout.agent.default_agent_loop) == (ENGINE, AGENT_NAME)
    assert (made.trainer.device, actor.fsdp_config.dtype) == ("cpu", "float32")
    assert made.data.seed == config.seed
    OmegaConf.to_container(made, resolve=True)


def test_settings_by_verls_names_win_and_any_value_survives(tmp_path: Path) -> None:
    config = TrainConfig.parse(
        {
            "name": "try",
            "verl": {
                "trainer.project_name": "a, b: {c}='d' [e]",
                "global_profiler.steps": [1, 2],
                "trainer.save_freq": 3,
                "actor_rollout_ref.rollout.temperature": 0.25,
                "trainer.validation_data_dir": None,
                "trainer.val_before_train": True,
                "+trainer.extra": 1e-7,
            },
        }
    )
    made = composed(config, tmp_path)
    assert made.trainer.project_name == "a, b: {c}='d' [e]"
    assert list(made.global_profiler.steps) == [1, 2]
    assert (made.trainer.save_freq, made.actor_rollout_ref.rollout.temperature) == (3, 0.25)
    assert (made.trainer.validation_data_dir, made.trainer.val_before_train) == (None, True)
    assert made.trainer.extra == 1e-7


def test_settings_by_verls_names_may_be_nested_and_need_no_plus(tmp_path: Path) -> None:
    verl = {"actor_rollout_ref": {"model": {"override_config": {"attn_implementation": "eager"}}}}
    made = composed(TrainConfig.parse({"name": "try", "verl": verl}), tmp_path)
    assert made.actor_rollout_ref.model.override_config.attn_implementation == "eager"


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("trainer.savefreq", "trainer.save_freq"),
        ("actor_rollout_ref.rollout.agents.num_workers", "actor_rollout_ref.rollout.agent.num_workers"),
        ("lr", "actor_rollout_ref.actor.optim.lr"),
        ("+actor_rollout_ref.rollout.custm", "actor_rollout_ref.rollout.custom"),
    ],
)
def test_a_key_that_verl_does_not_know_is_refused_with_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"'verl.{key}' is unknown to verl 0.9.1")) as caught:
        check_verl_schema({key: 1}, PPO_KEYS)
    assert nearest in str(caught.value)
    assert "\n" not in str(caught.value)


def test_keys_that_verl_knows_or_that_a_section_leaves_open_pass() -> None:
    check_verl_schema(
        {"trainer.save_freq": 1, "+actor_rollout_ref.rollout.engine_kwargs.sglang.x": 1}, PPO_KEYS
    )


def test_a_value_that_does_not_fit_the_schema_is_one_line(tmp_path: Path) -> None:
    config = TrainConfig.parse({"name": "try", "verl": {"trainer.save_freq.x": 1}})
    with pytest.raises(ConfigError, match="verl refuses the configuration") as caught:
        composed(config, tmp_path)
    assert "\n" not in str(caught.value)


def test_on_cpu_all_models_compute_in_float32(tmp_path: Path) -> None:
    algorithm = {"estimator": "gae", "kl_loss": 0.01, "critic": {"learning_rate": 2e-5, "warmup_steps": 3}}
    made = composed(TrainConfig.parse({"name": "try", "algorithm": algorithm}), tmp_path)
    ours = made.actor_rollout_ref
    for fsdp in (ours.actor.fsdp_config, ours.ref.fsdp_config, made.critic.fsdp):
        assert (fsdp.dtype, fsdp.mixed_precision.param_dtype, fsdp.use_torch_compile) == (
            "float32",
            "fp32",
            False,
        )
    for model in (ours.model, made.critic.model):
        assert (model.path, model.use_remove_padding) == (str(tmp_path / "model"), False)
    assert (made.critic.enable, made.critic.optim.lr, made.trainer.critic_warmup) == (True, 2e-5, 3)


def test_servers_that_run_already_and_where_their_weights_lie(tmp_path: Path) -> None:
    rollout = {"engine": "sglang_http", "urls": ["http://a:1", "http://b:1"]}
    made = composed(TrainConfig.parse({"name": "try", "rollout": rollout}), tmp_path)
    assert made.actor_rollout_ref.rollout.name == SGLANG_HTTP
    settings = SGLangHttpSettings.of(made.actor_rollout_ref.rollout)
    assert settings.urls == ("http://a:1", "http://b:1")
    assert settings.weights_folder == tmp_path / "engine-weights"


def test_machines_that_only_generate(tmp_path: Path) -> None:
    made = composed(
        TrainConfig.load(
            "multiturn_qwen25_coder_7b_2node",
            [
                "rollout.schedule=separate_async",
                "cluster.rollout_nodes=1",
                "optimiser.tasks_per_update=64",
            ],
        ),
        tmp_path,
    )
    rollout = made.actor_rollout_ref.rollout
    assert (made.trainer.v1.trainer_mode, made.trainer.nnodes) == ("separate_async", 2)
    assert made.trainer.v1.separate_async.parameter_sync_step == 256 // 64
    assert (rollout.nnodes, rollout.n_gpus_per_node, rollout.checkpoint_engine.backend) == (1, 8, "nccl")


def test_one_machine_that_trains_and_one_that_generates_are_a_cluster() -> None:
    cluster = ClusterSettings(rollout_nodes=1)
    assert (cluster.machines, cluster.joined_ray) == (2, "auto")
    assert ClusterSettings().joined_ray is None


@pytest.mark.parametrize(
    ("cluster", "address"),
    [({}, "local"), ({"nodes": 2}, "auto"), ({"ray_address": "head:6379"}, "head:6379")],
)
def test_ray_is_started_here_only_for_one_node(cluster: dict[str, Any], address: str, tmp_path: Path) -> None:
    made = composed(TrainConfig.parse({"name": "try", "cluster": cluster}), tmp_path)
    started = made.ray_kwargs.ray_init
    assert started.address == address
    assert (started.num_cpus is None) == (address != "local")
    assert ("num_gpus" in started) == (address == "local")


@pytest.mark.parametrize(
    ("evaluation", "before", "every"),
    [
        ({}, True, 20),
        ({"every": 0}, True, STEPS),
        ({"every": 0, "after": False}, True, -1),
        ({"every": 5, "before": False}, False, 5),
    ],
)
def test_on_gpus_verl_measures(evaluation: dict[str, Any], before: bool, every: int, tmp_path: Path) -> None:
    settings = [f"evaluation.{key}={value}" for key, value in evaluation.items()]
    config = TrainConfig.load("multiturn_qwen25_coder_7b_8gpu", settings)
    made = composed(config, tmp_path, heldout=tmp_path / "heldout.parquet")
    assert made.data.val_files == str(tmp_path / "heldout.parquet")
    assert (made.trainer.val_before_train, made.trainer.test_freq) == (before, every)
    asked = made.actor_rollout_ref.rollout.val_kwargs
    assert (asked.temperature, asked.n, asked.do_sample) == (0.0, 1, False)


def test_the_agent_loop_file_names_a_class_that_exists(tmp_path: Path) -> None:
    from hydra.utils import get_class

    config = TrainConfig.load("multiturn_cpu", ["kernels=7", "rollout.max_turn_tokens=33"])
    (entry,) = agent_loop_entry(config, tmp_path)
    assert get_class(entry["_target_"]).__name__ == "InterpreterAgentLoop"
    assert entry["name"] == AGENT_NAME
    assert (entry["kernels"], entry["turn_tokens"], entry["episodes_dir"]) == (7, 33, str(tmp_path))
    assert EnvConfig.model_validate(json.loads(entry["env_json"])) == config.env
