"""`replgym sft`: supervised training with verl, from conversations to a model."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from pathlib import Path
from typing import Any

from ...envs.env_config import ConfigError
from ..verl_runs.foreground import carry_out, prepare_libraries, require_packages, require_same
from ..verl_runs.readiness.require_ready import require_ready
from ..verl_runs.run_arguments import add_run_arguments, asked_run
from .launch import Launch
from .sft_config import SftConfig
from .sft_folder import SftFolder
from .sft_plan import plan_lines, planned_overrides


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "sft", help="fit a model to conversations with verl"
    )
    add_run_arguments(parser, "sft_cpu")
    parser.add_argument("--node-rank", type=int, default=0, help="which of the nodes this is (%(default)s)")
    parser.add_argument("--rendezvous", metavar="HOST:PORT", help="of node 0, the same on every node")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from .readiness.readiness import examine

    launch = Launch(arguments.node_rank, arguments.rendezvous)
    config = asked_run(SftConfig, arguments, lambda config: plan_lines(config, launch))
    if config is None:
        return 0
    check(config)
    launch.program(config.cluster)
    require_ready(examine(config, arguments.runs), arguments.config, arguments.overrides)
    _train(config, launch, arguments)
    return 0


def _train(config: SftConfig, launch: Launch, arguments: argparse.Namespace) -> None:
    """Carries out a run, new or resumed, and reports on it."""
    from rich.console import Console

    from ..report.page import write_report
    from ..terminal.stage_display import StageDisplay
    from .sft_run import SftRun

    folder = _folder(config, arguments)
    console = Console(markup=False, emoji=False)
    console.print(f"Run folder: {folder.root}", highlight=False, soft_wrap=True)
    prepare_libraries(config.threads)
    work = SftRun(config, folder, launch, StageDisplay(console))
    with contextlib.nullcontext() if launch.node_rank else folder.lock():
        carry_out(work.run(), console, _again(arguments))
    if launch.node_rank == 0:
        console.print(f"Model: {folder.trained}", highlight=False, soft_wrap=True)
        console.print(f"Report: {write_report(folder.root)}", highlight=False, soft_wrap=True)


def check(config: SftConfig) -> None:
    """Looks for settings that verl or a sink would refuse, or not read.

    Raises:
        ConfigError: One line that names the field, the value and the fix.
    """
    from ..verl_runs.run_sinks import check_packages

    require_packages("verl", "torch", "transformers", "pyarrow")
    check_packages(config.monitoring)
    planned_overrides(config)


def _folder(config: SftConfig, arguments: argparse.Namespace) -> SftFolder:
    """The folder of this run; on several nodes its name is fixed, so that all find the same.

    Raises:
        ConfigError: If there is none to go on with, or one that is not asked for.
    """
    fixed = arguments.runs / config.name
    if arguments.node_rank:
        return SftFolder(fixed)
    if arguments.resume:
        folder, settings = SftFolder.reopen(arguments.runs, config.name)
        require_same(config, settings)
        return folder
    if config.cluster.nodes > 1 and fixed.exists():
        raise ConfigError(f"run folder {str(fixed)!r} is there; give --resume, or another name=NAME")
    return SftFolder.create(arguments.runs, config, [Path(sys.argv[0]).name, *sys.argv[1:]])


def _again(arguments: argparse.Namespace) -> str:
    options = ["--config", str(arguments.config), "--runs", str(arguments.runs), "--resume"]
    if arguments.rendezvous:
        options += ["--node-rank", str(arguments.node_rank), "--rendezvous", arguments.rendezvous]
    return shlex.join(["replgym", "sft", *options, *arguments.overrides])
