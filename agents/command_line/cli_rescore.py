"""`replgym rescore`: another rubric, and on request another judgement, for stored episodes."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .argument_types import rubric

if TYPE_CHECKING:
    from rich.table import Table

    from ..records.rescore import Rescored

_FAULTS = 5


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "rescore", help="apply another rubric to stored episodes"
    )
    parser.add_argument("run_path", metavar="RUN", type=Path, help="folder of a run, or its episodes")
    parser.add_argument(
        "--rubric", type=rubric, required=True, help='preset, or weights as JSON such as {"passed": 1}'
    )
    parser.add_argument("--judge", action="store_true", help="judge the submissions again, too")
    parser.add_argument(
        "--set", dest="sets", metavar="SET", action="append", default=[], help="where the tasks are from"
    )
    parser.add_argument(
        "--output", metavar="PLACE", type=Path, help="the new run (default: RUN-rescored, beside the old one)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from rich.console import Console

    from ..records.rescore import Rescoring, free_place
    from ..records.run_data import read_run
    from ..records.run_settings import RunSettings
    from .exit_code import ExitCode

    data = read_run(arguments.run_path)
    settings = RunSettings.of(data, tuple(arguments.sets))
    place = arguments.output or free_place(arguments.run_path)
    rescoring = Rescoring(arguments.rubric, settings.environment, arguments.judge, settings.task_of)
    results = asyncio.run(rescoring.rescore(data, place))
    console = Console()
    console.print(_table(results))
    faults = [each for each in results if each.fault]
    for each in faults[:_FAULTS]:
        console.print(f"{each.old.id}: {each.fault}", markup=False, highlight=False, soft_wrap=True)
    if faults:
        console.print(f"{len(faults):,} submissions could not be judged again and keep their verdicts")
    console.print(f"Written: {place}", soft_wrap=True, highlight=False, markup=False)
    return ExitCode.FAULT if faults else ExitCode.DONE


def _table(results: Sequence[Rescored]) -> Table:
    """One row for each part of the run: old against new."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for head in ("scored", "reward, old", "new", "solved, old", "new", "rewards changed"):
        table.add_column(head, justify="right", no_wrap=True)
    for arm in dict.fromkeys(each.arm for each in results):
        own = [each for each in results if each.arm == arm and each.old.failure is None]
        if not own:
            table.add_row(escape(arm), "0")
            continue
        old, new = (
            sum(e.reward or 0.0 for e in side) / len(own) for side in zip(*map(_sides, own), strict=True)
        )
        changed = sum(each.old.reward != each.new.reward for each in own)
        table.add_row(
            escape(arm),
            f"{len(own):,}",
            f"{old:.4g}",
            f"{new:.4g}",
            f"{sum(each.old.solved for each in own):,}",
            f"{sum(each.new.solved for each in own):,}",
            f"{changed:,}",
        )
    return table


def _sides(each: Rescored) -> tuple[Any, Any]:
    return each.old, each.new
