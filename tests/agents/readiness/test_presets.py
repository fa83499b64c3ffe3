"""By estimate, every recipe for GPUs fits the machines that its name and its first lines promise."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from replgym.agents.training.readiness.gpu_memory import check_gpu_memory
from replgym.agents.training.readiness.recipe_data import preparation
from replgym.agents.training.readiness.training_memory import training_memory
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.verl_runs.readiness.amount import GIB
from replgym.agents.verl_runs.readiness.finding import Status
from replgym.agents.verl_runs.readiness.known_models import known_settings
from replgym.agents.verl_runs.readiness.model_size import ModelSize
from replgym.cli import main
from replgym.envs.task_sources.registry import TASK_SOURCES

from .machines import H100, machine, wrong

SMALLER_GPUS = {"_0.5b_": 24, "_1.5b_": 48}
"""Memory in GiB of the GPUs that recipes of these sizes are for; the others are for 80."""
SIZE_OF = {
    "./models/retool-sft-qwen2.5-32b": "Qwen/Qwen2.5-32B",
    "./models/retool-sft-qwen2.5-7b": "Qwen/Qwen2.5-7B",
    "./models/qwen3-base-sft-ckpt-3300": "Qwen/Qwen3-8B",
    "IIGroup/X-Coder-SFT-Qwen2.5-7B": "Qwen/Qwen2.5-7B",
}
"""Fine-tuned models, and what they were made from."""
RECIPES = {
    name: config for name in TrainConfig.presets() if (config := TrainConfig.load(name)).platform == "cuda"
}


def size_of(path: str | None) -> ModelSize:
    settings = known_settings(SIZE_OF.get(str(path), str(path)))
    assert settings is not None, f"no size is known for {path}"
    return ModelSize.of(settings)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_fit_their_gpus(name: str) -> None:
    config = RECIPES[name]
    critic = config.algorithm.critic
    policy = size_of(config.model.path)
    value = size_of(critic.path or config.model.path) if critic else None
    plan = training_memory(config, policy, value)
    memory = next((size for part, size in SMALLER_GPUS.items() if part in name), 80)
    kind = replace(H100, memory=memory * GIB)
    found = wrong(check_gpu_memory(config, plan, machine(config.cluster.gpus_per_node, kind)))
    assert [finding for finding in found.values() if finding.status is Status.ERROR] == []


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_tell_how_to_make_their_data(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RECIPES[name].tasks.path
    assert folder is not None
    command = preparation(name, folder)
    assert command is not None
    program, *arguments = command.split()
    assert program == "replgym"
    assert arguments[-2:] == ["--output", folder]
    sets = [word.partition(":")[0] for word in arguments[2:] if not word.startswith("-")]
    assert TASK_SOURCES.keys() & set(sets)
    assert main([*arguments, "--help"]) == 0
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert {word for word in arguments if word.startswith("--")} <= known
