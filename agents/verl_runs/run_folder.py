"""The folder of one run: where each thing lies, and which stages are done.

A stage is done when its marker exists, and a marker is written after everything that the stage made; a
run that is cut off anywhere resumes with the first stage that has none.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import platform
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from ...envs.env_config import ConfigError
from ...envs.whole_file import whole_file
from ..line_log import whole_lines
from ..run_settings.config_file import ConfigFile

_PACKAGES = ("replgym", "verl", "torch", "transformers", "ray", "ipykernel", "jupyter_client", "gymnasium")


class RunFolder:
    """Paths below `root`, and the record of finished stages."""

    config_type: ClassVar[type[ConfigFile]] = ConfigFile
    """The settings of such runs; a subclass names those of its kind."""
    kind: ClassVar[str] = "training"
    """What `run.json` calls them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trained = root / "models" / "trained"
        self.best = root / "models" / "best"
        self.checkpoints = root / "checkpoints"
        self.metrics = root / "metrics.jsonl"
        self.alerts = root / "alerts.jsonl"
        self.verl_log = root / "verl.log"
        self._stages = root / "stages"

    @classmethod
    def create(cls, runs: Path, config: ConfigFile, command: list[str]) -> Self:
        """Makes `runs/<name>`, or `runs/<name>-2` and so on when that is taken."""
        names = (config.name if n == 1 else f"{config.name}-{n}" for n in range(1, 10_000))
        root = next(runs / name for name in names if not (runs / name).exists())
        root.mkdir(parents=True)
        facts = {
            "name": root.name,
            "kind": cls.kind,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
            "config": config.model_dump(mode="json"),
            "hardware": _hardware(),
            "versions": dict(_versions()),
        }
        (root / "run.json").write_text(json.dumps(facts, indent=2) + "\n")
        folder = cls(root)
        folder.lay_out()
        return folder

    def lay_out(self) -> None:
        """Makes the folders that others expect: none, where whoever writes makes what is missing."""

    @classmethod
    def reopen(cls, runs: Path, name: str) -> tuple[Self, ConfigFile]:
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
        return cls(root), cls.config_type.parse(facts["config"])

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
        """Drops what was told of steps that will be taken again, so that none counts twice."""
        for path in self._logs_of_steps():
            kept = (line for _, line in whole_lines(path) if step_of(line) <= step)
            with whole_file(path) as beside, beside.open("wb") as file:
                file.writelines(kept)
        self._merge([*self._metric_parts(), *self.root.glob(self.metrics.name)], up_to=step)

    def _logs_of_steps(self) -> Iterator[Path]:
        """Logs of lines that name their step, beside the metrics."""
        yield from self.root.glob(self.alerts.name)

    def next_metrics_part(self) -> Path:
        """The file for the metrics of another start of the trainer."""
        return self.root / f"metrics-{len(self._metric_parts()) + 1:03d}.jsonl"

    def _metric_parts(self) -> list[Path]:
        return sorted(self.root.glob("metrics-*.jsonl"))

    def _merge(self, parts: list[Path], up_to: float = math.inf) -> None:
        if not parts:
            return
        steps: dict[int, dict[str, Any]] = {}
        for _, line in chain.from_iterable(map(whole_lines, parts)):
            record = json.loads(line)
            if record["step"] <= up_to:
                steps.setdefault(int(record["step"]), {}).update(record["data"])
        lines = (json.dumps({"step": step, "data": steps[step]}) for step in sorted(steps))
        with whole_file(self.metrics) as beside:
            beside.write_text("".join(f"{line}\n" for line in lines))

    def done(self, stage: str) -> bool:
        """Whether the stage was finished."""
        return (self._stages / stage).exists()

    def mark(self, stage: str) -> None:
        """Records that the stage is finished."""
        self._stages.mkdir(exist_ok=True)
        (self._stages / stage).touch()


class _OfStep(BaseModel):
    """What all lines of logs have in common."""

    step: int | None = None


def step_of(line: bytes) -> int:
    """The step that a line of a log is about; 0 where it names none."""
    return _OfStep.model_validate_json(line).step or 0


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
