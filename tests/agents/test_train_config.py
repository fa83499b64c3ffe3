"""Settings of a training run: presets, files, overrides, and every mistake as one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from replgym.agents.training.ppo_keys import PPO_KEYS
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.verl_overrides import verl_overrides
from replgym.envs.env_config import ConfigError


def told(source: str | Path, *overrides: str) -> str:
    """The one line that a wrong setting brings."""
    with pytest.raises(ConfigError) as caught:
        TrainConfig.load(source, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", sorted(TrainConfig.presets()))
def test_every_preset_loads_under_its_own_name(name: str) -> None:
    config = TrainConfig.load(name)
    assert config.name == name
    assert TrainConfig.load(TrainConfig.find_preset(name)) == config
    assert TrainConfig.parse(config.model_dump(mode="json")) == config


def test_the_default_preset_is_there() -> None:
    assert "multiturn_cpu" in TrainConfig.presets()


def test_overrides_are_read_as_yaml() -> None:
    overrides = [
        "optimiser.steps=3",
        "optimiser.learning_rate=1.0e-5",
        "tasks.levels=[1, 2]",
        "evaluation.greedy=false",
        "env.max_turns=4",
        "model.tiny.layers=1",
        "name=other",
    ]
    config = TrainConfig.load("multiturn_cpu", overrides)
    assert (config.optimiser.steps, config.optimiser.learning_rate) == (3, 1e-5)
    assert (config.tasks.levels, config.evaluation.greedy) == ((1, 2), False)
    assert (config.env.max_turns, config.model.tiny.layers, config.name) == (4, 1, "other")


def test_overrides_of_verl_keep_their_dotted_names() -> None:
    config = TrainConfig.load("multiturn_cpu", ["verl.trainer.test_freq=7", "verl.+data.shuffle=false"])
    assert config.verl == {"trainer.test_freq": 7, "+data.shuffle": False}


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\noptimiser: {steps: 5}\n")
    assert TrainConfig.load(file).optimiser.steps == 5
    file.write_text("- 1\n")
    assert "must hold a mapping" in told(file)
    file.write_text("optimiser: {steps: 5}\n")
    assert "'name'" in told(file)
    file.write_text("name: [\n")
    assert str(file) in told(file)


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("optimiser.stepz=3", ["'optimiser.stepz'", "unknown", "steps", "tasks_per_step"]),
        ("stepz=3", ["'stepz'", "unknown", "optimiser"]),
        ("model.tiny.depth=3", ["'model.tiny.depth'", "unknown", "layers"]),
        ("env.max_turn=3", ["env", "'max_turn'", "max_turns"]),
        ("env.max_turns=0", ["env", "max_turns", "0"]),
        ("env.backend=warp", ["env", "backend", "'warp'", "jupyter"]),
        ("optimiser.steps=0", ["'optimiser.steps'", "0", "greater than or equal to 1"]),
        ("optimiser.steps=many", ["'optimiser.steps'", "'many'"]),
        ("rollout.samples_per_task=1", ["'rollout.samples_per_task'", "1"]),
        ("platform=tpu", ["'platform'", "'tpu'", "'cpu'"]),
        ("optimiser.steps", ["'optimiser.steps'", "section.key=value"]),
        ("=3", ["'=3'", "section.key=value"]),
        ("name.x=3", ["'name.x=3'", "'name'", "not a section"]),
        ("rollout=3", ["'rollout'", "3"]),
        ("optimiser.steps=[1", ["'optimiser.steps=[1'"]),
        ("tasks.levels=[9]", ["'tasks.levels", "9"]),
        ("algorithm.estimator=grpoo", ["'algorithm.estimator'", "'grpoo'", "'grpo'", "'gae'"]),
        ("algorithm.estimator=gae", ["'algorithm.critic'", "give both or neither"]),
        ("algorithm.critic={learning_rate: 0.1}", ["'algorithm.critic'", "gae"]),
        ("algorithm.filter_metric=score", ["'algorithm.filter_metric'", "'score'", "'acc'"]),
        ("rollout.engine=sglang", ["'rollout.engine'", "'sglang'", "platform=cuda"]),
        ("rollout.engine=sglang_http", ["'rollout.urls'", "[]", "servers"]),
        ("rollout.urls=[http://a]", ["'rollout.urls'", "sglang_http"]),
        ("rollout.repetition_penalty=1.1", ["'rollout.repetition_penalty'", "1.1", "1.0"]),
        ("rollout.schedule=colocate_async", ["'rollout.schedule'", "'colocate_async'", "sglang"]),
        ("cluster.rollout_nodes=1", ["'cluster.rollout_nodes'", "1", "separate_async"]),
        ("cluster.ray_address=local", ["'cluster.ray_address'", "'local'", "leave it out"]),
        ("rollout.max_turn_tokens=600", ["'rollout.max_turn_tokens'", "600", "512"]),
        ("rollout.tensor_parallel=2", ["'rollout.tensor_parallel'", "2", "gpus_per_node=1"]),
        ("optimiser.sequence_parallel=2", ["'optimiser.sequence_parallel'", "2", "on CPU"]),
        ("optimiser.offload=true", ["'optimiser.offload'", "True", "on CPU"]),
        ("optimiser.tokens_per_gpu=700", ["'optimiser.tokens_per_gpu'", "700", "704"]),
        ("optimiser.tasks_per_update=4", ["'optimiser.tasks_per_update'", "4", "tasks_per_step=9"]),
        ("cluster.gpus_per_node=5", ["'optimiser.tasks_per_update'", "72 episodes", "5 GPUs"]),
        ("optimiser={warmup_steps: 3, warmup_share: 0.1}", ["'optimiser.warmup_share'", "not both"]),
        ("evaluation.every=15", ["'evaluation.every'", "15", "optimiser.save_every=10", "best checkpoint"]),
        ("platform=cuda", ["'rollout.engine'", "'transformers'", "sglang"]),
        ("tasks.task_set=nothing", ["'tasks.task_set'", "'nothing'", "blackbox"]),
    ],
)
def test_a_wrong_setting_is_one_line_with_names(override: str, parts: list[str]) -> None:
    message = told("multiturn_cpu", override)
    assert [part for part in parts if part not in message] == []


def test_a_fault_of_the_environment_is_told_by_its_own_words() -> None:
    assert told("multiturn_cpu", "env.backend=warp").startswith(
        "config key 'env': backend='warp' is not allowed: use one of:"
    )


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("evaluation.greedy=true", ["'evaluation.greedy'", "evaluation.temperature=0"]),
        ("model.path=null", ["'model.path'", "None", "hub id"]),
        ("optimiser.sequence_parallel=3", ["'optimiser.sequence_parallel'", "3", "8 GPUs"]),
    ],
)
def test_what_is_wrong_on_gpus_alone(override: str, parts: list[str]) -> None:
    message = told("multiturn_qwen25_coder_7b_8gpu", override)
    assert [part for part in parts if part not in message] == []


def test_a_file_extends_another_section_by_section(tmp_path: Path) -> None:
    (tmp_path / "lower.yaml").write_text("extends: multiturn_cpu\noptimiser: {steps: 5}\n")
    file = tmp_path / "upper.yaml"
    file.write_text("extends: lower\nname: upper\ntasks: {levels: [2]}\n")
    config, default = TrainConfig.load(file, ["rollout.temperature=0.5"]), TrainConfig.load("multiturn_cpu")
    assert (config.name, config.optimiser.steps, config.tasks.levels) == ("upper", 5, (2,))
    assert config.optimiser.model_copy(update={"steps": default.optimiser.steps}) == default.optimiser
    assert (config.env, config.rollout.temperature) == (default.env, 0.5)


def test_a_file_that_extends_nothing_or_itself_is_told(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: nobody\n")
    assert "extends='nobody' names no file" in told(file)
    file.write_text("extends: other\n")
    (tmp_path / "other.yaml").write_text("extends: mine\n")
    assert "extends='mine' leads back to itself" in told(file)


def test_steps_are_given_or_come_from_passes() -> None:
    optimiser = TrainConfig.load("multiturn_cpu", ["optimiser.steps=null", "optimiser.epochs=3"]).optimiser
    assert (optimiser.steps_for(50), optimiser.steps_for(9)) == (15, 3)
    assert TrainConfig.load("multiturn_cpu").optimiser.steps_for(50) == 40


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("algorithm.adv_estimator", "nonsense", "grpo"),
        ("actor_rollout_ref.rollout.name", "hf", "sglang"),
        ("actor_rollout_ref.actor.strategy", "megatron", "fsdp2"),
        ("trainer.use_v1", False, "true"),
    ],
)
def test_values_that_verl_finds_wrong_too_late_are_refused(key: str, value: object, allowed: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"'verl.{key}': {value!r} is not allowed")) as caught:
        PPO_KEYS.check({key: value})
    assert allowed in str(caught.value)


def test_keys_that_the_run_depends_on_are_refused_with_its_setting() -> None:
    with pytest.raises(ConfigError, match=re.escape("is set by the run; use optimiser.steps")):
        PPO_KEYS.check({"trainer.total_training_steps": 3})
    with pytest.raises(ConfigError, match="deletes a key"):
        PPO_KEYS.check({"~trainer.logger": None})


def test_micro_batches_are_read_when_batches_are_not_packed() -> None:
    key = "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu"
    PPO_KEYS.check({key: 2, "actor_rollout_ref.actor.use_dynamic_bsz": False})


def test_an_unknown_preset_names_those_that_are_known() -> None:
    message = told("no_such_preset")
    assert "'no_such_preset'" in message
    assert "multiturn_cpu" in message


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("custom_reward_function.path", "env.rubric"),
        ("+reward_model.enable", "env.rubric"),
        ("reward.reward_manager.name", "env.rubric"),
        ("actor_rollout_ref.actor.grad_clip", "optimiser.grad_clip"),
        ("actor_rollout_ref.actor.clip_ratio", "algorithm.clip_low"),
        ("actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu", "optimiser.tokens_per_gpu"),
        ("actor_rollout_ref.rollout.multi_turn.max_assistant_turns", "section env"),
        ("actor_rollout_ref.rollout.repetition_penalty", "rollout.repetition_penalty"),
        ("actor_rollout_ref.rollout.val_kwargs.do_sample", "evaluation.temperature"),
        ("critic.ppo_max_token_len_per_gpu", "critic.ppo_infer_max_token_len_per_gpu"),
        ("algorithm.filter_groups.max_num_gen_batches", "algorithm.filter_at_most"),
        ("data.gen_batch_size", "optimiser.tasks_per_step"),
        ("trainer.balance_batch", "always balanced"),
        ("actor_rollout_ref.rollout.trace.backend", "episode log"),
        ("actor_rollout_ref.rollout.multi_turn.tokenization_sanity_check_mode", "no effect"),
    ],
)
def test_keys_that_verl_never_reads_are_refused(key: str, instead: str, tmp_path: Path) -> None:
    config = TrainConfig.load("multiturn_cpu", [f"verl.{key}=x"])
    for refuse in (lambda: PPO_KEYS.check(config.verl), lambda: _overrides(config, tmp_path)):
        with pytest.raises(ConfigError, match="never read") as caught:
            refuse()
        assert f"'verl.{key}'" in str(caught.value)
        assert instead in str(caught.value)


def _overrides(config: TrainConfig, folder: Path) -> Any:
    return verl_overrides(config, model=folder, rows=folder, agent_loops=folder, output=folder, steps=1)


def test_presets_hold_no_key_twice() -> None:
    for path in TrainConfig.presets().values():
        nodes = yaml.compose(path.read_text())
        keys = [key.value for key, _ in nodes.value]
        assert len(keys) == len(set(keys))
