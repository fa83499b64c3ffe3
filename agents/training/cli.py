"""`replgym train`: a whole run, from nothing to a report."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from ...envs.env_config import ConfigError
from .train_config import TrainConfig


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train", help="train a policy with verl and report on it"
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="section.key=value", help="settings that differ from the config"
    )
    parser.add_argument(
        "--config", default="multiturn_cpu", help="preset or YAML file (default: %(default)s)"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="folder of all runs (default: %(default)s)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the newest run of this config's name"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from rich.console import Console

    from ..report import write_report
    from ..report.tables import comparison_table
    from .run_folder import RunFolder
    from .stage_display import StageDisplay
    from .training_run import TrainingRun

    config = TrainConfig.load(arguments.config, arguments.overrides)
    check(config)
    if arguments.resume:
        folder, settings = RunFolder.reopen(arguments.runs, config.name)
        _require_same(config, settings)
    else:
        folder = RunFolder.create(arguments.runs, config, [Path(sys.argv[0]).name, *sys.argv[1:]])
    console = Console()
    console.print(f"Run folder: {folder.root}", highlight=False)
    _prepare_libraries(config.threads)
    try:
        with folder.lock():
            asyncio.run(_until_stopped(TrainingRun(config, folder, StageDisplay(console)).run()))
    except KeyboardInterrupt:
        options = ["--config", str(arguments.config), "--runs", str(arguments.runs), "--resume"]
        again = shlex.join(["replgym", "train", *options, *arguments.overrides])
        console.print(f"Stopped. Go on with: {again}", highlight=False, soft_wrap=True)
        raise
    report = write_report(folder.root)
    console.print(comparison_table(folder.root))
    console.print(f"Report: {report}", highlight=False, soft_wrap=True)
    return 0


def _require_same(asked: TrainConfig, stored: TrainConfig) -> None:
    """Refuses to go on with other settings than a run was started with.

    Raises:
        ConfigError: Names the settings that differ.
    """
    old, new = stored.settings(), asked.settings()
    differing = sorted(key for key in old | new if old.get(key) != new.get(key))
    if differing:
        raise ConfigError(
            f"--resume: the run was started with other settings: "
            f"{', '.join(f'{key}={old.get(key)!r}' for key in differing)}; "
            "give the same, or start a new run without --resume"
        )


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work`; SIGTERM stops it as cleanly as Ctrl-C does.

    Raises:
        KeyboardInterrupt: If it was stopped.
    """
    task = asyncio.ensure_future(work)
    stopped: list[bool] = []

    def stop() -> None:
        stopped.append(True)
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        await task
    except asyncio.CancelledError:
        if stopped:
            raise KeyboardInterrupt from None
        raise


def check(config: TrainConfig) -> None:
    """Looks for everything that would fail later, before anything starts.

    Raises:
        ConfigError: One line that names the field, the value and the fix.
    """
    from importlib.util import find_spec

    from .verl_overrides import check_ignored

    for package in ("verl", "torch", "transformers", "ray"):
        if find_spec(package) is None:
            raise ConfigError(
                f"training needs the package {package}: run scripts/setup.sh, or pip install 'replgym[train]'"
            )
    path = config.model.path
    if path is not None and not (Path(path) / "config.json").is_file():
        raise ConfigError(
            f"config key 'model.path': {path!r} holds no config.json; give the folder of a model"
        )
    check_ignored(config.verl)


def _prepare_libraries(threads: int) -> None:
    """Keeps other libraries' bars from drawing over ours, and torch to its threads."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from transformers.utils import logging

    torch.set_num_threads(threads)
    logging.disable_progress_bar()
