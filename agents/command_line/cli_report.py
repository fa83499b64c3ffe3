"""`replgym report`: makes the page of a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser("report", help="write report.html of a run")
    parser.add_argument("run_dir", metavar="RUN_DIR", type=Path, help="folder that a run wrote")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from rich.console import Console

    from ..report import write_report
    from ..report.tables import comparison_table

    path = write_report(arguments.run_dir)
    console = Console()
    console.print(comparison_table(arguments.run_dir))
    console.print(f"Written: {path}", soft_wrap=True)
    return 0
