"""`replgym watch`: shows a training run from another terminal, from its folder alone."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from ..usage_error import UsageError


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "watch", help="show the steps of a training run while it runs"
    )
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of the run")
    parser.add_argument("--rows", type=int, default=20, help="steps to show (default: %(default)s)")
    parser.add_argument(
        "--every", type=float, default=2.0, metavar="SECONDS", help="how often to look (default: %(default)s)"
    )
    parser.add_argument("--once", action="store_true", help="print the table once and end")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command until the training is over, or Ctrl-C; returns the exit code."""
    from rich.console import Console
    from rich.live import Live

    from ..verl_runs.run_view import run_view

    root: Path = arguments.run_folder
    for option, value in (("--rows", arguments.rows), ("--every", arguments.every)):
        if value <= 0:
            raise UsageError(f"{option} {value} is not allowed: give more than 0")
    if not (root / "run.json").is_file():
        raise UsageError(f"{str(root)!r} holds no run.json; give the folder that 'replgym train' printed")
    console = Console()
    if arguments.once or not console.is_terminal:
        console.print(run_view(root, arguments.rows))
        return 0
    with Live(run_view(root, arguments.rows), console=console, auto_refresh=False) as live:
        while not (root / "stages" / "training").exists():
            time.sleep(arguments.every)
            live.update(run_view(root, arguments.rows), refresh=True)
    return 0
