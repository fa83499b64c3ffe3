"""Metrics for an MLflow tracking server; a resumed run goes on in the same run there."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..run_settings.monitoring import MlflowSettings
from .alert import Alert
from .step_record import StepRecord
from .transcript import transcript

_NOT_ALLOWED = re.compile(r"[^\w\-. /:]")
_BATCH, _LONGEST = 100, 500


class MlflowSink:
    """Logs to one run of MLflow."""

    name = "MLflow"

    def __init__(self, settings: MlflowSettings, root: Path, config: Mapping[str, Any]) -> None:
        """Starts or continues the run.

        Args:
            settings: Where to log.
            root: The run folder; the id of the run is kept there.
            config: The settings of the training run, by dotted name.
        """
        from mlflow import MlflowClient

        self._client = MlflowClient(settings.uri)
        kept = root / "mlflow_id"
        if kept.exists():
            self._id = kept.read_text().strip()
            self._client.update_run(self._id, status="RUNNING")
            return
        found = self._client.get_experiment_by_name(settings.experiment)
        experiment = found.experiment_id if found else self._client.create_experiment(settings.experiment)
        self._id = self._client.create_run(experiment, run_name=root.name).info.run_id
        kept.write_text(self._id)
        self._describe(config)

    def step(self, record: StepRecord) -> None:
        """Logs a step; characters that MLflow allows in no name become underscores."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(_NOT_ALLOWED.sub("_", name), value, now, record.step)
            for name, value in record.values.items()
        ]
        self._client.log_batch(self._id, metrics=metrics)
        for number, episode in enumerate(record.episodes):
            path = f"episodes/step-{record.step:06d}-{number}.md"
            self._client.log_text(self._id, transcript(episode), path)

    def alert(self, alert: Alert) -> None:
        """Sets a tag with the last event of the rule."""
        self._client.set_tag(self._id, f"alert.{alert.rule}", str(alert))

    def close(self) -> None:
        """Ends the run there."""
        self._client.set_terminated(self._id)

    def _describe(self, config: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        params = [Param(key, str(value)[:_LONGEST]) for key, value in config.items()]
        for start in range(0, len(params), _BATCH):
            self._client.log_batch(self._id, params=params[start : start + _BATCH])
