from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from replgym.agents.training.train_config import TrainConfig, presets
from replgym.agents.training.verl_overrides import agent_loop_entry, verl_overrides
from replgym.agents.verl_adapter.names import AGENT_NAME, ENGINE
from replgym.envs import EnvConfig


def composed(config: TrainConfig, folder: Path) -> Any:
    """What verl makes of our overrides, by its own schema."""
    overrides = verl_overrides(
        config,
        model=folder / "model",
        rows=folder / "rows of a run.parquet",
        agent_loops=folder / "agent_loops.yaml",
        output=folder / "checkpoints",
    )
    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose("ppo_trainer", overrides)


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_preset_fits_verls_schema_and_arrives(name: str, tmp_path: Path) -> None:
    config = TrainConfig.load(name)
    made = composed(config, tmp_path)
    grpo, actor, rollout = config.grpo, made.actor_rollout_ref.actor, made.actor_rollout_ref.rollout
    assert made.data.train_files == str(tmp_path / "rows of a run.parquet")
    assert made.actor_rollout_ref.model.path == str(tmp_path / "model")
    assert made.trainer.default_local_dir == str(tmp_path / "checkpoints")
    assert rollout.agent.agent_loop_config_path == str(tmp_path / "agent_loops.yaml")
    assert (made.algorithm.adv_estimator, made.trainer.use_v1) == ("grpo", True)
    assert (made.trainer.total_training_steps, made.trainer.save_freq) == (grpo.steps, grpo.save_every)
    assert (made.data.train_batch_size, rollout.n) == (grpo.tasks_per_step, grpo.samples_per_task)
    assert (rollout.prompt_length, rollout.response_length) == (
        grpo.max_prompt_tokens,
        grpo.max_response_tokens,
    )
    assert (actor.optim.lr, rollout.temperature) == (grpo.learning_rate, grpo.temperature)
    assert (actor.clip_ratio_low, actor.clip_ratio_high) == (grpo.clip_low, grpo.clip_high)
    assert (actor.entropy_coeff, actor.use_kl_loss) == (grpo.entropy_coefficient, False)
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
                "trainer.logger": ["console", "a b"],
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
    assert list(made.trainer.logger) == ["console", "a b"]
    assert (made.trainer.save_freq, made.actor_rollout_ref.rollout.temperature) == (3, 0.25)
    assert (made.trainer.validation_data_dir, made.trainer.val_before_train) == (None, True)
    assert made.trainer.extra == 1e-7


def test_a_key_that_verl_does_not_know_is_refused_by_its_schema(tmp_path: Path) -> None:
    config = TrainConfig.parse({"name": "try", "verl": {"trainer.no_such_key": 1}})
    with pytest.raises(Exception, match="no_such_key"):
        composed(config, tmp_path)


def test_the_agent_loop_file_names_a_class_that_exists(tmp_path: Path) -> None:
    from hydra.utils import get_class

    config = TrainConfig.load("multiturn_cpu", ["kernels=7", "grpo.max_turn_tokens=33"])
    (entry,) = agent_loop_entry(config, tmp_path)
    assert get_class(entry["_target_"]).__name__ == "InterpreterAgentLoop"
    assert entry["name"] == AGENT_NAME
    assert (entry["kernels"], entry["turn_tokens"], entry["episodes_dir"]) == (7, 33, str(tmp_path))
    assert EnvConfig.model_validate(json.loads(entry["env_json"])) == config.env
