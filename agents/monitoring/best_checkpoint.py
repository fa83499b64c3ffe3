"""The best checkpoint of a run by held-out reward, kept however many checkpoints the trainer removes.

Its files are linked, not copied, where the file system can; a trainer that removes its own checkpoint then
leaves them be. `selection.json` is written last, so that a copy with one is whole.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from ...envs.whole_file import whole_file
from .step_record import StepRecord

_EXPORT = Path("actor", "huggingface")
_WEIGHTS = ("*.safetensors", "*.bin")
_SELECTION = "selection.json"


class Selection(BaseModel):
    """Why a checkpoint was chosen."""

    model_config = ConfigDict(frozen=True)

    step: int
    reward: float
    """Mean reward of the held-out episodes."""
    solved: float
    """Share of them that was solved."""
    episodes: int

    @classmethod
    def of(cls, best: Path) -> Self | None:
        """What is written beside the best model; None where none was kept so far."""
        path = best / _SELECTION
        return cls.model_validate_json(path.read_text()) if path.exists() else None


class BestCheckpoint:
    """Keeps the export of the best step; of equal ones the earliest."""

    def __init__(self, checkpoints: Path, best: Path) -> None:
        """Finishes what an earlier process may have left half done.

        Args:
            checkpoints: verl's folder, with `global_step_N/actor/huggingface` in it.
            best: The folder of the best model, to be made.
        """
        self._checkpoints = checkpoints
        self._best = best
        self._part = best.with_name(f"{best.name}.part")
        if not best.exists() and (self._part / _SELECTION).exists():
            self._part.rename(best)
        shutil.rmtree(self._part, ignore_errors=True)

    @property
    def selection(self) -> Selection | None:
        """What is kept; None so far."""
        return Selection.of(self._best)

    def consider(self, record: StepRecord) -> bool:
        """Keeps the checkpoint of a measured step if there is one and it is better.

        Returns:
            Whether it is the best now.
        """
        if "heldout/reward" not in record.values:
            return False
        offered = Selection(
            step=record.step,
            reward=record.values["heldout/reward"],
            solved=record.values["heldout/solved"],
            episodes=round(record.values["heldout/episodes"]),
        )
        export = self._checkpoints / f"global_step_{record.step}" / _EXPORT
        kept = self.selection
        if not any(next(export.glob(kind), None) for kind in _WEIGHTS):
            return False
        if kept is not None and (offered.reward, -offered.step) <= (kept.reward, -kept.step):
            return False
        self._keep(export, offered)
        return True

    def _keep(self, export: Path, selection: Selection) -> None:
        shutil.rmtree(self._part, ignore_errors=True)
        shutil.copytree(export, self._part, copy_function=_link_or_copy)
        with whole_file(self._part / _SELECTION) as beside:
            beside.write_text(json.dumps(selection.model_dump(), indent=2) + "\n")
        shutil.rmtree(self._best, ignore_errors=True)
        self._part.rename(self._best)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
    return target
