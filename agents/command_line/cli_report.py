"""`replgym report`: makes one page of one or more runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser("report", help="write one HTML page about runs")
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="+",
        type=Path,
        help="folder of a training or evaluation, or its episodes",
    )
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="the page (default: report.html in RUN; here for several)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from rich.console import Console

    from ..report.format import size
    from ..report.page import write_report
    from ..report.tables import comparison_table

    path = write_report(*arguments.runs, output=arguments.output)
    console = Console()
    console.print(comparison_table(*arguments.runs))
    console.print(f"Written: {path}, {size(path.stat().st_size)}", soft_wrap=True, highlight=False)
    return 0
