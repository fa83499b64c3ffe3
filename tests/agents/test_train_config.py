from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from replgym.agents.training.train_config import TrainConfig, find_preset, presets
from replgym.agents.training.verl_overrides import check_ignored, verl_overrides
from replgym.envs.env_config import ConfigError


def told(source: str | Path, *overrides: str) -> str:
    """The one line that a wrong setting brings."""
    with pytest.raises(ConfigError) as caught:
        TrainConfig.load(source, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_preset_loads_under_its_own_name(name: str) -> None:
    config = TrainConfig.load(name)
    assert config.name == name
    assert TrainConfig.load(find_preset(name)) == config
    assert TrainConfig.parse(config.model_dump(mode="json")) == config


def test_the_default_preset_is_there() -> None:
    assert "multiturn_cpu" in presets()


def test_overrides_are_read_as_yaml() -> None:
    overrides = [
        "grpo.steps=3",
        "grpo.learning_rate=1.0e-5",
        "tasks.levels=[1, 2]",
        "evaluation.greedy=false",
        "env.max_turns=4",
        "model.tiny.layers=1",
        "name=other",
    ]
    config = TrainConfig.load("multiturn_cpu", overrides)
    assert (config.grpo.steps, config.grpo.learning_rate) == (3, 1e-5)
    assert (config.tasks.levels, config.evaluation.greedy) == ((1, 2), False)
    assert (config.env.max_turns, config.model.tiny.layers, config.name) == (4, 1, "other")


def test_overrides_of_verl_keep_their_dotted_names() -> None:
    config = TrainConfig.load("multiturn_cpu", ["verl.trainer.test_freq=7", "verl.+data.shuffle=false"])
    assert config.verl == {"trainer.test_freq": 7, "+data.shuffle": False}


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\ngrpo: {steps: 5}\n")
    assert TrainConfig.load(file).grpo.steps == 5
    file.write_text("- 1\n")
    assert "must hold a mapping" in told(file)
    file.write_text("grpo: {steps: 5}\n")
    assert "'name'" in told(file)
    file.write_text("name: [\n")
    assert str(file) in told(file)


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("grpo.stepz=3", ["'grpo.stepz'", "unknown", "steps", "samples_per_task"]),
        ("stepz=3", ["'stepz'", "unknown", "grpo"]),
        ("model.tiny.depth=3", ["'model.tiny.depth'", "unknown", "layers"]),
        ("env.max_turn=3", ["env", "'max_turn'", "max_turns"]),
        ("env.max_turns=0", ["env", "max_turns", "0"]),
        ("env.backend=warp", ["env", "backend", "'warp'", "jupyter"]),
        ("grpo.steps=0", ["'grpo.steps'", "0", "greater than or equal to 1"]),
        ("grpo.steps=many", ["'grpo.steps'", "'many'"]),
        ("grpo.samples_per_task=1", ["'grpo.samples_per_task'", "1"]),
        ("platform=tpu", ["'platform'", "'tpu'", "'cpu'"]),
        ("grpo.steps", ["'grpo.steps'", "section.key=value"]),
        ("=3", ["'=3'", "section.key=value"]),
        ("name.x=3", ["'name.x=3'", "'name'", "not a section"]),
        ("grpo=3", ["'grpo'", "3"]),
        ("grpo.steps=[1", ["'grpo.steps=[1'"]),
        ("tasks.levels=[9]", ["'tasks.levels", "9"]),
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


def test_an_unknown_preset_names_those_that_are_known() -> None:
    message = told("no_such_preset")
    assert "'no_such_preset'" in message
    assert "multiturn_cpu" in message


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("custom_reward_function.path", "reward.custom_reward_function"),
        ("+reward_model.enable", "reward.reward_model"),
        ("actor_rollout_ref.rollout.trace.backend", "episode log"),
        ("actor_rollout_ref.rollout.multi_turn.tokenization_sanity_check_mode", "no effect"),
    ],
)
def test_keys_that_verl_never_reads_are_refused(key: str, instead: str, tmp_path: Path) -> None:
    config = TrainConfig.load("multiturn_cpu", [f"verl.{key}=x"])
    for refuse in (lambda: check_ignored(config.verl), lambda: _overrides(config, tmp_path)):
        with pytest.raises(ConfigError, match="never read") as caught:
            refuse()
        assert f"'verl.{key}'" in str(caught.value)
        assert instead in str(caught.value)


def _overrides(config: TrainConfig, folder: Path) -> Any:
    return verl_overrides(config, model=folder, rows=folder, agent_loops=folder, output=folder)


def test_presets_hold_no_key_twice() -> None:
    for path in presets().values():
        nodes = yaml.compose(path.read_text())
        keys = [key.value for key, _ in nodes.value]
        assert len(keys) == len(set(keys))
