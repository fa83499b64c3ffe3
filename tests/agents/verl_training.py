"""Short runs of verl's real trainer on CPU, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from replgym.agents import tiny_model
from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.episode_log import read_episodes
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.verl_overrides import agent_loop_entry, verl_overrides
from replgym.agents.verl_adapter.task_rows import write_rows
from replgym.agents.verl_runs.verl_process import run_verl
from replgym.envs import AsyncInterpreterEnv, EnvConfig, TaskSet

from .tiny_models import CORPUS, SIZE

SETTINGS = (
    "name=short",
    "kernels=4",
    "env.max_turns=3",
    "env.rubric={submitted: 1.0, overlong: {weight: 1.0, limit: 256, buffer: 256}}",  # by length
    "rollout.samples_per_task=4",
    "rollout.temperature=1.0",
    "rollout.max_prompt_tokens=320",
    "rollout.max_response_tokens=256",
    "rollout.max_turn_tokens=48",
    "optimiser.tasks_per_step=2",
    "optimiser.learning_rate=1.0e-3",
    "optimiser.warmup_steps=0",
    "algorithm.kl_loss=0",
    "optimiser.save_every=100",
)
"""Short episodes, with rewards that differ."""
MESSAGES = (
    "No.",
    "```python\nx = 12\n```",
    "```python\nprint(f(1))\n```",
    '```python\nsubmit("def solution(x): return x")\n```',
)


def save_talking_model(folder: Path, size: tiny_model.TinyModelConfig = SIZE) -> Path:
    """A folder with a model that says one of `MESSAGES` and ends its turn, mostly."""
    tokenizer = tiny_model.train_tokenizer([*CORPUS, *MESSAGES], size.vocabulary)
    template, model = ChatTemplate(tokenizer), tiny_model.make_model(size, tokenizer, seed=0)
    first = template.initial(AsyncInterpreterEnv(env_config()).messages_for(tasks()[0]))
    rows = [torch.tensor([*first, *template.encode(text), template.end_of_turn]) for text in MESSAGES]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=template.end_of_turn)
    labels = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-100)
    labels[:, : len(first)] = -100
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        model(input_ids=ids, labels=labels).loss.backward()
        optimiser.step()
    tiny_model.save(model, tokenizer, folder)
    return folder


def env_config() -> EnvConfig:
    """The environment of all runs."""
    return TrainConfig.load("multiturn_cpu", SETTINGS).env


def tasks() -> TaskSet:
    """What all runs train on."""
    return TaskSet.load("blackbox", levels=(1,), size=8, seed=0)


@dataclass(frozen=True)
class TrainedBatch:
    """The episodes that verl trained on in one step, as tensors for its algorithms, a row an episode."""

    groups: np.ndarray[Any, Any]
    scores: torch.Tensor
    """The reward of an episode on its last token."""
    mask: torch.Tensor

    def logged(self, name: str, values: torch.Tensor) -> dict[str, Any]:
        """What verl logs of a value of every sampled token, within rounding."""
        mine = values[self.mask.bool()]
        told = {"mean": mine.mean(), "max": mine.max(), "min": mine.min()}
        return {f"{name}/{of}": pytest.approx(float(value), abs=1e-5) for of, value in told.items()}


@dataclass(frozen=True)
class VerlRun:
    """The folder of one run, which may be continued."""

    folder: Path

    @property
    def metrics(self) -> list[dict[str, float]]:
        """What verl logged, one entry a step."""
        lines = (self.folder / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line)["data"] for line in lines]

    @property
    def checkpoints(self) -> Path:
        """Where verl saves."""
        return self.folder / "checkpoints"

    def episodes(self, step: int) -> list[Episode]:
        """The episodes of a step, as our agent loop logged them."""
        logs = sorted((self.folder / "episodes").glob("train-*.jsonl"))
        return [episode for log in logs for episode in read_episodes(log) if episode.step == step]

    def trained_on(self, step: int) -> list[dict[str, Any]]:
        """The rows that verl trained on in a step, as verl dumped them."""
        lines = (self.folder / "rollouts" / f"{step}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def batch(self, step: int) -> TrainedBatch:
        """The saved episodes that verl's own dump says were trained on."""
        played = {(episode.group, episode.sample): episode for episode in self.episodes(step)}
        rows = []
        for row in self.trained_on(step):
            group, sample, branch = row["uid"].rsplit("_", 2)
            episode = played[group, int(sample)]
            assert (episode.failure, episode.reward, branch) == (None, pytest.approx(row["score"]), "0")
            rows.append(episode)
        masks = [torch.tensor(episode.branches[0].response_mask) for episode in rows]
        mask = torch.nn.utils.rnn.pad_sequence(masks, batch_first=True)
        scores = torch.zeros(mask.shape)
        for place, (episode, own) in enumerate(zip(rows, masks, strict=True)):
            scores[place, len(own) - 1] = float(episode.reward or 0.0)
        return TrainedBatch(np.array([episode.group for episode in rows], dtype=object), scores, mask)


def written_run(folder: Path, config: TrainConfig, given: TaskSet, model: Path, steps: int) -> list[str]:
    """Writes what a run reads into its folder, and returns verl's overrides that name it."""
    env = AsyncInterpreterEnv(config.env)
    messages = {task.id: env.messages_for(task) for task in given}
    rows, loops = folder / "rows.parquet", folder / "agent_loops.yaml"
    assert write_rows(given, messages, rows, split="train") == len(given)
    loops.write_text(yaml.safe_dump(agent_loop_entry(config, folder / "episodes")))
    output = folder / "checkpoints"
    return verl_overrides(config, model=model, rows=rows, agent_loops=loops, output=output, steps=steps)


def train(folder: Path, model: Path, steps: int, *settings: str, verl: Sequence[str] = ()) -> VerlRun:
    """Trains on linear black boxes to a number of steps in all.

    Args:
        folder: Of the run; one that was used goes on from its last checkpoint.
        model: What to start from.
        steps: Updates, those of earlier calls included.
        *settings: `section.key=value` of our configuration.
        verl: verl's own overrides, which win.
    """
    config = TrainConfig.load("multiturn_cpu", [*SETTINGS, f"optimiser.steps={steps}", *settings])
    (folder / "episodes").mkdir(parents=True, exist_ok=True)
    overrides = written_run(folder, config, tasks(), model, steps)
    dump = f"trainer.rollout_data_dir={folder / 'rollouts'}"
    asyncio.run(
        run_verl(
            [*overrides, dump, *verl],
            log=folder / "verl.log",
            metrics=folder / "metrics.jsonl",
            on_step=lambda *_: None,
            check=lambda: None,
        )
    )
    return VerlRun(folder)
