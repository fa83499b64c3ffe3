"""The folder of one run: where each thing lies, and which stages are done.

A stage is done when its marker exists, and a marker is written after everything that the stage made; a
run that is cut off anywhere resumes with the first stage that has none.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...envs.env_config import ConfigError
from ..rollouts.episode_log import read_episodes
from .train_config import TrainConfig

_PACKAGES = ("replgym", "verl", "torch", "transformers", "ray", "ipykernel", "jupyter_client", "gymnasium")


class RunFolder:
    """Paths below `root`, and the record of finished stages."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.episodes = root / "episodes"
        self.demonstrations = root / "demonstrations.jsonl"
        self.warm_start = root / "models" / "warm-start"
        self.trained = root / "models" / "trained"
        self.checkpoints = root / "checkpoints"
        self.rows = root / "rows.parquet"
        self.agent_loops = root / "agent_loops.yaml"
        self.metrics = root / "metrics.jsonl"
        self.verl_log = root / "verl.log"
        self._stages = root / "stages"

    @classmethod
    def create(cls, runs: Path, config: TrainConfig, command: list[str]) -> RunFolder:
        """Makes `runs/<name>`, or `runs/<name>-2` and so on when that is taken."""
        names = (config.name if n == 1 else f"{config.name}-{n}" for n in range(1, 10_000))
        root = next(runs / name for name in names if not (runs / name).exists())
        root.mkdir(parents=True)
        folder = cls(root)
        folder.episodes.mkdir()
        facts = {
            "name": root.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
            "config": config.model_dump(mode="json"),
            "hardware": _hardware(),
            "versions": dict(_versions()),
        }
        (root / "run.json").write_text(json.dumps(facts, indent=2) + "\n")
        return folder

    @classmethod
    def reopen(cls, runs: Path, name: str) -> tuple[RunFolder, TrainConfig]:
        """The newest run of this name, and the configuration it was started with.

        Raises:
            ConfigError: If there is none.
        """
        ours = re.compile(re.escape(name) + r"(-\d+)?")
        found = [path.parent for path in runs.glob("*/run.json") if ours.fullmatch(path.parent.name)]
        if not found:
            raise ConfigError(
                f"--resume: there is no run {name!r} in {str(runs)!r}; leave --resume out to start one"
            )
        root = max(found, key=lambda path: (path / "run.json").stat().st_mtime)
        facts: dict[str, Any] = json.loads((root / "run.json").read_text())
        return cls(root), TrainConfig.parse(facts["config"])

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the folder for one process; the kernel frees it however the process ends.

        Raises:
            ConfigError: If another process works in it.
        """
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError(
                    f"run folder {str(self.root)!r} is in use; wait for that run or stop it"
                ) from None
            yield

    def last_checkpoint(self) -> int:
        """The step of the newest checkpoint; 0 when there is none."""
        marker = self.checkpoints / "latest_checkpointed_iteration.txt"
        return int(marker.read_text()) if marker.is_file() else 0

    def forget_steps_after(self, step: int) -> None:
        """Drops training episodes of steps that will be taken again, so that none counts twice."""
        for path in self.episodes.glob("train-*.jsonl"):
            kept = [episode for episode in read_episodes(path) if (episode.step or 0) <= step]
            with tempfile.NamedTemporaryFile("w", dir=self.root, delete=False) as file:
                file.writelines(episode.model_dump_json() + "\n" for episode in kept)
            os.replace(file.name, path)

    def merge_metrics(self) -> None:
        """Joins the metrics that each start of the trainer wrote; the last word on a step counts."""
        steps: dict[int, str] = {}
        for part in sorted(self.root.glob("metrics-*.jsonl")):
            whole, _, _ = part.read_text().rpartition("\n")
            for line in whole.splitlines():
                steps[int(json.loads(line)["step"])] = line
        self.metrics.write_text("".join(f"{steps[step]}\n" for step in sorted(steps)))

    def done(self, stage: str) -> bool:
        """Whether the stage was finished."""
        return (self._stages / stage).exists()

    def mark(self, stage: str) -> None:
        """Records that the stage is finished."""
        self._stages.mkdir(exist_ok=True)
        (self._stages / stage).touch()


def _hardware() -> dict[str, Any]:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(pages * size / 2**30, 1),
        "python": sys.version.split()[0],
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
