"""A supervised run as it is watched: verl's numbers in; metrics and alerts out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..monitoring.alert import read_alerts, standing
from ..monitoring.alert_rules import NotANumber
from ..monitoring.sink_group import SinkGroup
from ..monitoring.step_metrics import StepMetrics
from ..monitoring.step_record import StepRecord, records_by_step
from ..monitoring.step_watch import StepWatch
from ..run_settings.monitoring import Action
from ..verl_runs.run_sinks import report_to, run_sinks
from .sft_config import SftConfig
from .sft_folder import SftFolder

if TYPE_CHECKING:
    from rich.console import Console


class SftMonitor:
    """Follows one start of the trainer."""

    def __init__(
        self, config: SftConfig, folder: SftFolder, console: Console, *, first: int, steps: int
    ) -> None:
        """Starts to watch a run whose trainer is about to start.

        Args:
            config: The run.
            folder: Its folder, which holds nothing of steps that are still to be taken.
            console: Where its lines go.
            first: The next step.
            steps: The number of the last step.
        """
        rule = NotANumber(config.monitoring.alerts.not_a_number)
        sinks = tuple(run_sinks(config, folder, console, first=first, steps=steps))
        self._steps = StepMetrics()
        self._watch = StepWatch(
            sink=SinkGroup(sinks, partial(report_to, console)),
            rules=() if rule.action is Action.OFF else (rule,),
            history=records_by_step(folder.metrics),
            standing=standing(read_alerts(folder.alerts)),
        )

    def on_step(self, step: int, trainer: Mapping[str, float | None]) -> StepRecord:
        """Takes what verl says of a step: its loss, or that of what is held out."""
        record = self._steps.close(step, trainer)
        self._watch.take(record)
        return record

    def fault(self) -> str | None:
        """Why the run must stop now; None when it may go on."""
        return self._watch.fault

    def close(self) -> None:
        """Closes the sinks; idempotent."""
        self._watch.close()
