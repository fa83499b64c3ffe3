"""Where metrics go."""

from __future__ import annotations

from typing import Protocol

from .alert import Alert
from .step_record import StepRecord


class MetricSink(Protocol):
    """Takes the steps of a run in order, and its alerts. It may raise: who uses it then does without it."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def step(self, record: StepRecord) -> None:
        """Takes a step that is over."""
        ...

    def alert(self, alert: Alert) -> None:
        """Takes an alert that started or ended."""
        ...

    def close(self) -> None:
        """Writes out what is left."""
        ...
