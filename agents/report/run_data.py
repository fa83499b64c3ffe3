"""What a run directory holds, read leniently: a run that is still going, or broke off, has pieces missing.

Missing pieces are data (`missing` names them), not errors; so are lines that cannot be read. Episodes are
kept without their token branches, which are most of a file; the reader page loads those of the few episodes
that it shows.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..rollouts.episode import Episode
from ..rollouts.episode_log import EpisodeLogError, read_episodes
from ..tokens.branch import Branch


@dataclass(frozen=True, slots=True)
class RunData:
    """One run directory."""

    path: Path
    info: Mapping[str, Any] = field(default_factory=dict)
    """`run.json`."""
    metrics: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    """Step -> numbers of the trainer."""
    train: tuple[Episode, ...] = ()
    arms: Mapping[str, tuple[Episode, ...]] = field(default_factory=dict)
    """Held-out episodes by arm; `before` and `after` first."""
    missing: tuple[str, ...] = ()
    """Files that are not there (yet), and what could not be read."""

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.info.get("name") or self.path.resolve().name)


def read_run(path: Path) -> RunData:
    """Reads a run directory.

    Raises:
        FileNotFoundError: If there is no such directory, or it holds no part of a run.
    """
    if not path.is_dir():
        raise FileNotFoundError(
            f"run directory {str(path)!r} does not exist; give the folder that a run wrote"
        )
    missing: list[str] = []
    info = _info(path / "run.json", missing)
    metrics = _metrics(path / "metrics.jsonl", missing)
    logs = {file.stem: _light(file, missing) for file in sorted((path / "episodes").glob("*.jsonl"))}
    train = tuple(e for stem, episodes in logs.items() if is_train(stem) for e in episodes)
    arms = {stem: _latest(logs[stem]) for stem in sorted(logs, key=_arm_order) if not is_train(stem)}
    if not (info or metrics or train or arms):
        raise FileNotFoundError(
            f"{str(path)!r} holds no run.json, metrics.jsonl or episodes/*.jsonl; give a run's folder"
        )
    missing += [] if train else ["episodes/train.jsonl"]
    missing += [f"episodes/{arm}.jsonl" for arm in ("before", "after") if arm not in arms]
    return RunData(path, info, metrics, train, arms, tuple(missing))


def read_branches(path: Path, wanted: set[str]) -> dict[str, tuple[Branch, ...]]:
    """The token branches of some episodes, by `arm/episode id`."""
    found: dict[str, tuple[Branch, ...]] = {}
    for file in sorted((path / "episodes").glob("*.jsonl")):
        arm = "train" if is_train(file.stem) else file.stem
        if any(key.startswith(f"{arm}/") for key in wanted):
            found |= {
                f"{arm}/{e.id}": e.branches
                for e in _tolerant(file, [])
                if f"{arm}/{e.id}" in wanted and e.branches
            }
    return found


def is_train(stem: str) -> bool:
    """Whether a log holds training episodes."""
    return stem == "train" or stem.startswith("train-")


def _latest(episodes: tuple[Episode, ...]) -> tuple[Episode, ...]:
    """A resumed evaluation plays failed episodes again; the later record counts."""
    return tuple({(episode.task_id, episode.sample): episode for episode in episodes}.values())


def _arm_order(stem: str) -> tuple[int, str]:
    for place, start in enumerate(("before", "after")):
        if stem == start or stem.startswith(f"{start}-"):
            return place, stem
    return 2, stem


def _info(path: Path, missing: list[str]) -> Mapping[str, Any]:
    if not path.exists():
        missing.append("run.json")
        return {}
    try:
        info = json.loads(path.read_text())
    except ValueError as error:
        missing.append(f"run.json (not readable: {error})")
        return {}
    return info if isinstance(info, dict) else {}


def _metrics(path: Path, missing: list[str]) -> Mapping[int, Mapping[str, float]]:
    if not path.exists():
        missing.append("metrics.jsonl")
        return {}
    steps: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        try:
            record = json.loads(line)
            step, data = int(record["step"]), dict(record["data"])
        except (ValueError, KeyError, TypeError):
            continue  # a torn line of a run that is still going
        for key, value in data.items():
            if isinstance(value, int | float) and math.isfinite(value):
                steps[step][key] = float(value)
    return dict(sorted(steps.items()))


def _light(path: Path, missing: list[str]) -> tuple[Episode, ...]:
    return tuple(e.model_copy(update={"branches": ()}) for e in _tolerant(path, missing))


def _tolerant(path: Path, missing: list[str]) -> Iterator[Episode]:
    try:
        yield from read_episodes(path)
    except EpisodeLogError as error:
        missing.append(f"the rest of {error}")
