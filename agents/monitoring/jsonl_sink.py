"""Metrics and alerts as lines of JSON, each on the disk's way as soon as it is known."""

from __future__ import annotations

from pathlib import Path

from .alert import Alert
from .step_record import StepRecord


class JsonlSink:
    """Appends to `metrics.jsonl` and `alerts.jsonl`."""

    name = "the run folder"

    def __init__(self, metrics: Path, alerts: Path) -> None:
        self._metrics = metrics
        self._alerts = alerts

    def step(self, record: StepRecord) -> None:
        """Appends a step."""
        with self._metrics.open("a") as file:
            file.write(record.line())

    def alert(self, alert: Alert) -> None:
        """Appends an alert."""
        with self._alerts.open("a") as file:
            file.write(alert.line())

    def close(self) -> None:
        """Nothing is left to write."""
