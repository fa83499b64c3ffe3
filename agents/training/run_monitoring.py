"""Section `monitoring` put to work: the sinks and alerts of one run of reinforcement learning."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..monitoring.alert import read_alerts, standing
from ..monitoring.alert_rules import step_rules
from ..monitoring.background_sink import BackgroundSink
from ..monitoring.best_checkpoint import BestCheckpoint
from ..monitoring.failure_rate import FailureRate
from ..monitoring.run_monitor import RunMonitor
from ..monitoring.sink_group import SinkGroup
from ..monitoring.step_record import records_by_step
from ..verl_runs.run_sinks import report_to, run_sinks
from .train_config import TrainConfig
from .training_folder import TrainingFolder

if TYPE_CHECKING:
    from rich.console import Console


def monitor_run(
    config: TrainConfig, folder: TrainingFolder, console: Console, *, first: int, steps: int
) -> RunMonitor:
    """Starts to watch a run whose trainer is about to start.

    Args:
        config: The run.
        folder: Its folder, which holds nothing of steps that are still to be taken.
        console: Where its lines go.
        first: The next step.
        steps: The number of the last step.
    """
    settings = config.monitoring
    report = partial(report_to, console)
    sinks = list(run_sinks(config, folder, console, first=first, steps=steps))
    readers = [sink for sink in sinks if isinstance(sink, BackgroundSink)]
    return RunMonitor(
        folder.episodes,
        sink=SinkGroup(sinks, report),
        rules=step_rules(
            settings.alerts,
            exact=config.platform == "cpu",
            tools=config.env.runs_cells,
            groups=config.algorithm.compares_groups,
        ),
        failures=FailureRate(settings.alerts.failures),
        best=BestCheckpoint(folder.checkpoints, folder.best),
        report=report,
        history=records_by_step(folder.metrics),
        standing=standing(read_alerts(folder.alerts)),
        sampled_episodes=settings.sampled_episodes if readers else 0,
    )
