"""The folder of one supervised run."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ..run_settings.config_file import ConfigFile
from ..verl_runs.run_folder import RunFolder
from .sft_config import SftConfig


class SftFolder(RunFolder):
    """Where each thing of a supervised run lies."""

    config_type: ClassVar[type[ConfigFile]] = SftConfig
    kind: ClassVar[str] = "supervised"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.untrained = root / "models" / "untrained"
        self.train_tokens = root / "train.arrow"
        self.heldout_tokens = root / "heldout.arrow"
        self.bad_rows = root / "bad_rows.jsonl"
        self.data_counts = root / "data.json"

    def log_of(self, node_rank: int) -> Path:
        """What verl says on a node."""
        return self.root / f"verl-node{node_rank}.log" if node_rank else self.verl_log

    def forget_finished_epoch(self, steps_per_epoch: int) -> None:
        """Has the newest checkpoint begin the next pass anew if it stands at the end of one.

        verl 0.9.1 goes on from the saved place of its data loader; at the end of a pass that place is the
        end, and the whole next pass would be skipped without a word.
        """
        step = self.last_checkpoint()
        if step and step % steps_per_epoch == 0:
            for place in (self.checkpoints / f"global_step_{step}").glob("data_*.pt"):
                place.unlink()
