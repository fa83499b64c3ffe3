"""Metrics as TensorBoard's event files, written by torch; TensorFlow is not needed."""

from __future__ import annotations

from pathlib import Path

from .alert import Alert
from .step_record import StepRecord
from .transcript import transcript


class TensorboardSink:
    """Writes below one folder; a resumed run hides the steps that it takes again."""

    name = "TensorBoard"

    def __init__(self, folder: Path, *, first: int = 1) -> None:
        """Opens an event file.

        Args:
            folder: Where event files lie.
            first: The next step.
        """
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=first if first > 1 else None)

    def step(self, record: StepRecord) -> None:
        """Writes a step."""
        for name, value in record.values.items():
            self._writer.add_scalar(name, value, record.step)
        for number, episode in enumerate(record.episodes):
            self._writer.add_text(f"episodes/{number}", transcript(episode), record.step)
        self._writer.flush()

    def alert(self, alert: Alert) -> None:
        """Writes an alert as text."""
        self._writer.add_text(f"alerts/{alert.rule}", str(alert), alert.step)

    def close(self) -> None:
        """Closes the file."""
        self._writer.close()
