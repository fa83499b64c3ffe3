"""The folder of one run of reinforcement learning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from ...envs.whole_file import whole_file
from ..line_log import whole_lines
from ..run_settings.config_file import ConfigFile
from ..verl_adapter.names import HELDOUT, TRAIN
from ..verl_runs.run_folder import RunFolder, step_of
from .train_config import TrainConfig


class TrainingFolder(RunFolder):
    """Where each thing of such a run lies."""

    config_type: ClassVar[type[ConfigFile]] = TrainConfig

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.episodes = root / "episodes"
        self.demonstrations = root / "demonstrations.jsonl"
        self.warm_start = root / "models" / "warm-start"
        self.rows = root / "rows.parquet"
        self.heldout_rows = root / "heldout.parquet"
        self.agent_loops = root / "agent_loops.yaml"

    def lay_out(self) -> None:
        """Makes the folders that others expect."""
        self.episodes.mkdir()

    def name_measurements(self, last: int) -> None:
        """Makes arms of what the trainer measured itself: `before` its first step and `after` its last."""
        logs = sorted(self.episodes.glob(f"{HELDOUT}-*.jsonl"))
        for arm, step in (("before", 0), ("after", last)):
            own = [line for log in logs for _, line in whole_lines(log) if step_of(line) == step]
            if own:
                with whole_file(self.episodes / f"{arm}.jsonl") as beside:
                    beside.write_bytes(b"".join(own))

    def _logs_of_steps(self) -> Iterator[Path]:
        yield from super()._logs_of_steps()
        for split in (TRAIN, HELDOUT):
            yield from self.episodes.glob(f"{split}-*.jsonl")
