"""What a run left on disk, read leniently: a run that is still going, or broke off, has pieces missing.

A run is the folder of a training or of an evaluation, or one file of episodes. Missing pieces are data
(`missing` names them), not errors; so are lines that cannot be read. Episodes are kept without their token
branches, which are most of a file.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..evaluation.evaluated_run import EvaluatedRun
from ..line_log import whole_lines
from ..rollouts.episode import Episode
from ..rollouts.task_place import TaskPlace
from ..usage_error import UsageError
from ..verl_adapter.names import HELDOUT

EVALUATION = "evaluation"
"""The arm of a run that is an evaluation and nothing else."""


@dataclass(frozen=True, slots=True)
class RunData:
    """One run."""

    path: Path
    info: Mapping[str, Any] = field(default_factory=dict)
    """`run.json`, or the settings of an evaluation."""
    metrics: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    """Step -> numbers of the trainer."""
    train: tuple[Episode, ...] = ()
    arms: Mapping[str, tuple[Episode, ...]] = field(default_factory=dict)
    """Held-out episodes by arm; `before` and `after` first."""
    missing: tuple[str, ...] = ()
    """Files that are not there (yet), and what could not be read."""
    logs: tuple[Path, ...] = ()
    """The files of episodes."""

    @property
    def name(self) -> str:
        """The run's name."""
        path = self.path.resolve()
        return str(self.info.get("name") or (path.stem if path.is_file() else path.name))

    @property
    def is_training(self) -> bool:
        """Whether it trains, or trained, a policy."""
        if self.info.get("kind") == "evaluation":
            return False
        measured = {"before", "after"} & set(self.arms)
        return bool(self.metrics or self.train or measured or self.info.get("config"))

    @property
    def is_supervised(self) -> bool:
        """Whether it fits a model to conversations, and plays no episodes."""
        return self.info.get("kind") == "supervised"

    def complete_episodes(self, log: Path | None = None) -> Iterator[tuple[str, Episode]]:
        """The episodes that count, with their arm and their token branches; reads the files again.

        Args:
            log: Of this file only.
        """
        groups = {"train": self.train, **self.arms}
        counted = {(arm, episode.id) for arm, episodes in groups.items() for episode in episodes}
        for file in self.logs if log is None else (log,):
            arm = _arm_of(file)
            for episode in _tolerant(file, []):
                if (arm, episode.id) in counted:
                    counted.discard((arm, episode.id))
                    yield arm, episode

    def complete_episode(self, arm: str, episode: Episode) -> Episode:
        """One episode with its token branches, read again; as it is given where it is gone."""
        mark = episode.id.encode()
        for log in self.logs:
            if _arm_of(log) == arm:
                for _, line in whole_lines(log):
                    if mark in line[:200] and (found := _episode(line)) and found.id == episode.id:
                        return found
        return episode


def read_run(path: Path) -> RunData:
    """Reads a run.

    Args:
        path: The folder that a training or an evaluation wrote, or a file of episodes.

    Raises:
        FileNotFoundError: If there is no such place, or it holds no part of a run.
    """
    if not path.exists():
        raise FileNotFoundError(f"run {str(path)!r} does not exist; give the folder that a run wrote")
    missing: list[str] = []
    logs = _logs(path)
    counted = _fingerprints(path)
    episodes: defaultdict[str, list[Episode]] = defaultdict(list)
    for log in logs:
        episodes[_arm_of(log)] += (
            episode.model_copy(update={"branches": ()})
            for episode in _tolerant(log, missing)
            if counted is None or episode.fingerprint in counted
        )
    arms = {arm: _latest(episodes[arm]) for arm in sorted(episodes, key=_arm_order) if arm != "train"}
    info = _info(path, missing)
    metrics = _metrics(path / "metrics.jsonl")
    if not (info or metrics or any(episodes.values())):
        raise FileNotFoundError(
            f"{str(path)!r} holds no run.json, metrics.jsonl or episodes; give a run's folder, or a file of "
            "episodes"
        )
    run = RunData(path, info, metrics, tuple(episodes.get("train", ())), arms, (), logs)
    whole = path.is_file() or set(arms) == {EVALUATION} or info.get("kind") == "evaluation"
    expected = () if whole else _expected(run)
    return RunData(path, info, metrics, run.train, arms, (*missing, *expected), logs)


def _fingerprints(path: Path) -> frozenset[str] | None:
    """Names of the episodes of an evaluation that count; None where the folder does not say."""
    try:
        return EvaluatedRun.read(path).fingerprints()
    except UsageError:
        return None


def _logs(path: Path) -> tuple[Path, ...]:
    """The files of episodes: of a training run one an arm or more, of an evaluation one.

    What a trainer measures between its steps is told by its metrics.
    """
    if path.is_file():
        return (path,)
    if (path / "episodes").is_dir():
        found = sorted((path / "episodes").glob("*.jsonl"))
        return tuple(log for log in found if not log.name.startswith(f"{HELDOUT}-"))
    return tuple(file for file in (path / "episodes.jsonl",) if file.exists())


def _arm_of(log: Path) -> str:
    stem = log.stem
    if log.parent.name != "episodes":
        return EVALUATION
    return "train" if stem == "train" or stem.startswith("train-") else stem


def _expected(run: RunData) -> Iterator[str]:
    """What a training run writes, and is not there."""
    if not run.info:
        yield "run.json"
    if not run.metrics:
        yield "metrics.jsonl"
    if run.is_supervised:
        return
    if not run.train:
        yield "episodes/train.jsonl"
    yield from (f"episodes/{arm}.jsonl" for arm in ("before", "after") if arm not in run.arms)


def _latest(episodes: Sequence[Episode]) -> tuple[Episode, ...]:
    """A resumed evaluation plays failed episodes again; the later record counts."""
    return tuple({(TaskPlace.of(e), e.sample): e for e in episodes}.values())


def _arm_order(arm: str) -> tuple[int, str]:
    for place, start in enumerate(("before", "after")):
        if arm == start or arm.startswith(f"{start}-"):
            return place, arm
    return 2, arm


def _info(path: Path, missing: list[str]) -> Mapping[str, Any]:
    if path.is_file():
        return {}
    facts = _json(path / "run.json", missing)
    summary = _json(path / "summary.json", missing)
    settings = summary.get("settings") or summary.get("plan")
    return facts or ({"settings": settings} if isinstance(settings, Mapping) else {})


def _json(path: Path, missing: list[str]) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        missing.append(f"{path.name} (not readable: {error})")
        return {}
    return value if isinstance(value, dict) else {}


def _metrics(path: Path) -> Mapping[int, Mapping[str, float]]:
    steps: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for _, line in whole_lines(path):
        try:
            record = json.loads(line)
            step, data = int(record["step"]), dict(record["data"])
        except (ValueError, KeyError, TypeError):
            continue  # a torn line of a run that is still going
        for key, value in data.items():
            if isinstance(value, int | float) and math.isfinite(value):
                steps[step][key] = float(value)
    return dict(sorted(steps.items()))


def _tolerant(path: Path, missing: list[str]) -> Iterator[Episode]:
    unreadable = []
    for number, line in whole_lines(path):
        episode = _episode(line)
        if episode is None:
            unreadable.append(number)
        else:
            yield episode
    if unreadable:
        more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        missing.append(f"line {unreadable[0]}{more} of {path.name}, no episode")


def _episode(line: bytes) -> Episode | None:
    try:
        return Episode.model_validate_json(line)
    except ValidationError:
        return None
