"""`replgym view`: the episodes of a run in the terminal."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser("view", help="read a run in the terminal")
    parser.add_argument("run_path", metavar="RUN", type=Path, help="folder of a run, or its episodes")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from ..records.run_data import read_run
    from ..records.run_decoder import run_decoder
    from ..usage_error import UsageError
    from .exit_code import ExitCode

    data = read_run(arguments.run_path)
    try:
        from ..records.viewer.viewer_app import ViewerApp
    except ImportError as error:
        raise UsageError("textual is not installed; run: pip install 'replgym[records]'") from error
    if not sys.stdout.isatty():
        raise UsageError("view needs a terminal; replgym report writes a page instead")
    ViewerApp(data, run_decoder(arguments.run_path)).run()
    return ExitCode.DONE
