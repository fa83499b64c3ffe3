"""What finished training runs in different modes say, read from their folders."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

from replgym.agents.evaluation.statistics import (
    holm,
    paired_rate_interval,
    permutation_test,
    rate_interval,
)
from replgym.agents.rollouts.episode import Episode
from replgym.agents.rollouts.episode_log import read_episodes

_ARMS = ("before", "after", "before-greedy", "after-greedy")
Outcomes = Mapping[str, Sequence[float]]
"""Task -> whether each of its samples was solved."""


@dataclass(frozen=True, slots=True)
class LearningRun:
    """One run."""

    mode: str
    seed: int
    steps: int
    episodes_per_step: int
    curve: tuple[float, ...]
    """Mean training reward of each step."""
    arms: Mapping[str, Outcomes]
    levels: Mapping[str, tuple[float, float]]
    """Level -> success before and after."""

    @classmethod
    def read(cls, folder: Path, mode: str, seed: int) -> LearningRun:
        """Reads a run's folder."""
        config = json.loads((folder / "run.json").read_text())["config"]
        steps = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        played = {
            arm: [
                episode
                for episode in read_episodes(folder / "episodes" / f"{arm}.jsonl")
                if episode.failure is None
            ]
            for arm in _ARMS
        }
        optimiser, rollout = config["optimiser"], config["rollout"]
        return cls(
            mode,
            seed,
            len(steps),
            optimiser["tasks_per_step"] * rollout["samples_per_task"],
            tuple(step["data"]["critic/score/mean"] for step in steps),
            {arm: _outcomes(episodes) for arm, episodes in played.items()},
            {
                level: (_share(played["before"], level), _share(played["after"], level))
                for level in sorted({str(episode.info["difficulty"]) for episode in played["before"]})
            },
        )

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> LearningRun:
        """The run whose `record()` this is."""
        return cls(
            record["mode"],
            record["seed"],
            record["steps"],
            record["episodes_per_step"],
            tuple(record["curve"]),
            record["arms"],
            {level: (before, after) for level, (before, after) in record["levels"].items()},
        )

    @staticmethod
    def is_done(folder: Path) -> bool:
        """Whether everything was measured."""
        return (folder / "stages" / "after").exists() and (folder / "stages" / "after-greedy").exists()

    @property
    def tasks(self) -> int:
        """Held-out tasks."""
        return len(self.arms["after"])

    @property
    def samples(self) -> int:
        """Sampled episodes of each."""
        return max(map(len, self.arms["after"].values()))

    def rate(self, arm: str) -> float:
        """Share of solved episodes."""
        return fmean(value for values in self.arms[arm].values() for value in values)

    def told(self, arm: str) -> str:
        """The rate with its interval; tasks in their own order, so that a bootstrap repeats."""
        counts = [(int(sum(values)), len(values)) for _, values in sorted(self.arms[arm].items())]
        interval = rate_interval(counts)
        assert interval is not None
        return f"{100 * self.rate(arm):.1f} % ({100 * interval.low:.1f}–{100 * interval.high:.1f})"

    def record(self) -> dict[str, Any]:
        """The figures alone."""
        return asdict(self) | {"rates": {arm: self.rate(arm) for arm in _ARMS}}


def read_runs(runs: Path, modes: Sequence[str], seeds: Sequence[int]) -> list[LearningRun]:
    """The finished ones."""
    return [
        LearningRun.read(runs / f"{mode}-{seed}", mode, seed)
        for mode in modes
        for seed in seeds
        if LearningRun.is_done(runs / f"{mode}-{seed}")
    ]


def with_recorded(runs: Sequence[LearningRun], page: Path, modes: Sequence[str]) -> list[LearningRun]:
    """The runs, and those of an earlier page whose mode and seed are not among them, in order."""
    found = {(run.mode, run.seed): run for run in runs}
    for record in json.loads(page.read_text())["runs"]:
        found.setdefault((record["mode"], record["seed"]), LearningRun.of_record(record))
    return sorted(found.values(), key=lambda run: (modes.index(run.mode), run.seed))


def compared(runs: Sequence[LearningRun], modes: Sequence[str]) -> list[dict[str, Any]]:
    """Success after training of each pair of modes, task by task over the seeds that both have."""
    found: list[dict[str, Any]] = []
    for first, second in combinations(modes, 2):
        seeds = {run.seed for run in runs if run.mode == first} & {
            run.seed for run in runs if run.mode == second
        }
        if not seeds:
            continue
        ones, others = (_after(runs, mode, seeds) for mode in (first, second))
        tasks = sorted(ones.keys() & others.keys())
        differences = [fmean(ones[task]) - fmean(others[task]) for task in tasks]
        interval = paired_rate_interval([others[task] for task in tasks], [ones[task] for task in tasks])
        found.append(
            {
                "first": first,
                "second": second,
                "seeds": sorted(seeds),
                "difference": fmean(differences),
                "low": interval.low,
                "high": interval.high,
                "p": permutation_test(differences),
            }
        )
    for pair, p_value in zip(found, holm([pair["p"] for pair in found]), strict=True):
        pair["p"] = p_value
    return found


def _after(runs: Sequence[LearningRun], mode: str, seeds: set[int]) -> dict[str, list[float]]:
    outcomes: defaultdict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.mode == mode and run.seed in seeds:
            for task, values in run.arms["after"].items():
                outcomes[task] += values
    return outcomes


def _outcomes(episodes: Sequence[Episode]) -> dict[str, list[float]]:
    outcomes: defaultdict[str, list[float]] = defaultdict(list)
    for episode in episodes:
        outcomes[episode.task_id].append(float(episode.solved))
    return dict(outcomes)


def _share(episodes: Sequence[Episode], level: str) -> float:
    return fmean(float(episode.solved) for episode in episodes if episode.info["difficulty"] == level)
