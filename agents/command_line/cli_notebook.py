"""`replgym notebook`: an episode as a Jupyter notebook that runs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

_TIMEOUT = 10.0


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "notebook", help="write an episode as a Jupyter notebook"
    )
    parser.add_argument("run_path", metavar="RUN", type=Path, help="folder of a run, or its episodes")
    parser.add_argument("episode", metavar="EPISODE", help="id, beginning of one, task, or TASK#SAMPLE")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="the notebook (default: named by the task)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from rich.console import Console

    from ..records.episode_choice import one_episode
    from ..records.notebook import write_notebook
    from ..records.run_data import read_run
    from ..records.run_settings import RunSettings
    from ..usage_error import UsageError
    from .exit_code import ExitCode

    data = read_run(arguments.run_path)
    episode = one_episode(data, arguments.episode)
    settings = RunSettings.of(data)
    try:
        task = settings.task_of(episode)
    except UsageError:
        task = None  # only tasks with a hidden side have more to tell than the record
    environment = settings.environment
    timeout = _TIMEOUT if environment is None else environment.cell_timeout
    path = arguments.output or Path(f"{_file_name(episode.task_id)}-{episode.sample}.ipynb")
    write_notebook(episode, path, world=task.world if task else None, cell_timeout=timeout)
    Console().print(f"Written: {path}", soft_wrap=True, highlight=False, markup=False)
    return ExitCode.DONE


def _file_name(task_id: str) -> str:
    return re.sub(r"[^\w.-]+", "-", task_id).strip("-")[:80] or "episode"
