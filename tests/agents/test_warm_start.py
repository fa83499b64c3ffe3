"""The warm start of a model from scratch, up to the trainer."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from replgym.agents.policies.expert_policy import ExpertPolicy
from replgym.agents.rollouts.episode import Episode, Failure
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.sft.sft_run import SftRun
from replgym.agents.terminal.stage_display import StageDisplay
from replgym.agents.tokens.token_file import TokenFile
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.warm_start import warm_start
from replgym.envs import AsyncInterpreterEnv, EnvConfig, TaskSet
from replgym.envs.env_config import ConfigError

SMALL = ["model.tiny.hidden_size=32", "model.tiny.layers=1", "model.tiny.vocabulary=400"]


async def demonstrations() -> list[Episode]:
    async with AsyncInterpreterEnv(EnvConfig(action_format="fenced")) as env:
        tasks = TaskSet.load("blackbox", levels=(1,), size=3, seed=3)
        return [await rollout(env, ExpertPolicy(), task=task) for task in tasks]


async def test_demonstrations_are_what_the_trainer_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but verl itself, which the test of a whole run starts."""
    played = await demonstrations()
    broken = played[0].model_copy(update={"id": "b", "failure": Failure.KERNEL, "reward": None})
    with EpisodeLog(tmp_path / "demonstrations.jsonl") as log:
        for episode in (*played, broken):
            log.append(episode)
    given: list[SftRun] = []

    async def train(run: SftRun, _counts: object) -> None:
        given.append(run)
        made = run._folder.checkpoints / "global_step_6" / "huggingface"
        made.mkdir(parents=True)
        (made / "config.json").write_text("{}")

    monkeypatch.setattr(SftRun, "_train", train)
    config = TrainConfig.load("multiturn_cpu", [*SMALL, "seed=5", "warm_start.learning_rate=0.5"])
    folder, model = tmp_path / "warm-start", tmp_path / "model"
    await warm_start(
        config, tmp_path / "demonstrations.jsonl", folder, model, StageDisplay(Console(quiet=True))
    )
    assert (model / "config.json").is_file()
    settings = given[0]._config
    assert (settings.seed, settings.optimiser.learning_rate, settings.optimiser.epochs) == (5, 0.5, 6)
    assert (settings.optimiser.batch_size, settings.model.tiny) == (3, config.model.tiny)
    assert len(TokenFile(folder / "train.arrow")) == 3
    assert (folder / "models" / "untrained" / "config.json").is_file()


async def test_without_demonstrations_there_is_nothing_to_learn(tmp_path: Path) -> None:
    (tmp_path / "demonstrations.jsonl").touch()
    with pytest.raises(ConfigError, match="no demonstration was played"):
        await warm_start(
            TrainConfig.load("multiturn_cpu"),
            tmp_path / "demonstrations.jsonl",
            tmp_path / "warm-start",
            tmp_path / "model",
            StageDisplay(Console(quiet=True)),
        )
