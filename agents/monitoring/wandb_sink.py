"""Metrics for Weights & Biases; a resumed run goes on in the same run there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..run_settings.monitoring import WandbSettings
from .alert import Alert, AlertEvent
from .step_record import StepRecord
from .transcript import transcript


class WandbSink:
    """Logs to one run of W&B."""

    name = "W&B"

    def __init__(self, settings: WandbSettings, root: Path, config: Mapping[str, Any]) -> None:
        """Starts or continues the run.

        Args:
            settings: Where to log.
            root: The run folder; the id of the run is kept there.
            config: The settings of the training run.

        Raises:
            RuntimeError: If there is no key to log in with.
        """
        import wandb

        if settings.mode == "online" and not (os.environ.get("WANDB_API_KEY") or wandb.api.api_key):
            raise RuntimeError(
                "there is no API key; set WANDB_API_KEY, run 'wandb login', "
                "or set monitoring.wandb.mode=offline"
            )
        self._wandb = wandb
        self._run = wandb.init(
            project=settings.project,
            entity=settings.entity,
            name=root.name,
            id=_kept_id(root / "wandb_id"),
            resume="allow",
            dir=str(root),
            mode=settings.mode,
            config=dict(config),
            settings=wandb.Settings(console="off", silent=True),
        )
        self._run.define_metric("*", step_metric="step")

    def step(self, record: StepRecord) -> None:
        """Logs a step."""
        values: dict[str, Any] = {"step": record.step, **record.values}
        if record.episodes:
            rows = [[record.step, e.task_id, e.reward, e.solved, transcript(e)] for e in record.episodes]
            columns = ["step", "task", "reward", "solved", "transcript"]
            values["episodes"] = self._wandb.Table(columns=columns, data=rows)
        self._run.log(values)

    def alert(self, alert: Alert) -> None:
        """Raises an alert, which W&B can send on by mail or chat."""
        level = "WARN" if alert.event is AlertEvent.STARTED else "INFO"
        self._run.alert(title=f"{alert.rule} {alert.event}", text=str(alert), level=level)

    def close(self) -> None:
        """Ends the run there."""
        self._run.finish()


def _kept_id(path: Path) -> str:
    """The id that an earlier start chose, or a new one."""
    if not path.exists():
        path.write_text(uuid4().hex)
    return path.read_text().strip()
