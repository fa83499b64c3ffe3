"""`replgym train`: a whole run, from nothing to a report."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from ..verl_runs.foreground import carry_out, prepare_libraries, require_packages, require_same
from ..verl_runs.readiness.require_ready import require_ready
from ..verl_runs.run_arguments import add_run_arguments, asked_run
from .run_plan import plan_lines, planned_overrides
from .train_config import TrainConfig


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train", help="train a policy with verl and report on it"
    )
    add_run_arguments(parser, "multiturn_cpu")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from .readiness.readiness import examine

    config = asked_run(TrainConfig, arguments, plan_lines)
    if config is None:
        return 0
    check(config)
    require_ready(examine(config, arguments.runs), arguments.config, arguments.overrides)
    _train(config, arguments)
    return 0


def _train(config: TrainConfig, arguments: argparse.Namespace) -> None:
    """Carries out a run, new or resumed, and reports on it."""
    from rich.console import Console

    from ..report.page import write_report
    from ..report.tables import comparison_table
    from ..terminal.stage_display import StageDisplay
    from .training_folder import TrainingFolder
    from .training_run import TrainingRun

    if arguments.resume:
        folder, settings = TrainingFolder.reopen(arguments.runs, config.name)
        require_same(config, settings)
    else:
        folder = TrainingFolder.create(arguments.runs, config, [Path(sys.argv[0]).name, *sys.argv[1:]])
    console = Console()
    console.print(f"Run folder: {folder.root}", highlight=False)
    prepare_libraries(config.threads)
    options = ["--config", str(arguments.config), "--runs", str(arguments.runs), "--resume"]
    again = shlex.join(["replgym", "train", *options, *arguments.overrides])
    with folder.lock():
        carry_out(TrainingRun(config, folder, StageDisplay(console)).run(), console, again)
    report = write_report(folder.root)
    console.print(comparison_table(folder.root))
    console.print(f"Report: {report}", highlight=False, soft_wrap=True)


def check(config: TrainConfig) -> None:
    """Looks for settings that verl or a sink would refuse, or not read.

    Raises:
        ConfigError: One line that names the field, the value and the fix.
    """
    from ..verl_runs.run_sinks import check_packages

    require_packages("verl", "torch", "transformers", "ray")
    check_packages(config.monitoring)
    planned_overrides(config)
