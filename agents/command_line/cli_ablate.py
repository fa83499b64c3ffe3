"""`replgym ablate`: the same tasks, seeds and budgets in every tool mode, and what each mode is worth."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...tools.tool_mode import ToolMode
from ..evaluation.comparison import compare
from ..evaluation.evaluated_run import EvaluatedRun
from ..evaluation.evaluation_plan import EvaluationPlan
from ..usage_error import UsageError
from .cli_compare import show_comparison, write_comparison
from .cli_eval import exit_code, make_plan, results_console, show_notes, tell_failures
from .eval_arguments import add_arguments
from .exit_code import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

_PLOT = "ablation.svg"


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "ablate", help="evaluate without a tool, with stateless and stateful cells, and with a debugger"
    )
    add_arguments(parser, mode=False)
    parser.add_argument(
        "--modes",
        type=_modes,
        default=tuple(ToolMode),
        metavar="MODE,MODE...",
        help=f"what is compared, the first as the baseline (default: {','.join(ToolMode)})",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code, which says nothing about the score."""
    if arguments.output is None:
        raise UsageError("ablate needs --output DIR, the folder of its runs")
    plans = {mode: _plan(arguments, mode) for mode in arguments.modes}
    console = results_console()
    if arguments.dry_run:
        from .eval_plan_display import show_plan

        for plan in plans.values():
            show_plan(plan, console)
        return ExitCode.DONE
    failures = asyncio.run(_play(plans, console))
    runs = [EvaluatedRun.read(arguments.output / mode) for mode in plans]
    found = compare(runs, all_pairs=True, seed=arguments.seed)
    show_comparison(found, console)
    written = write_comparison(found, arguments.output, arguments.output / _PLOT)
    console.print(f"Written: {', '.join(map(str, written))}", soft_wrap=True, highlight=False)
    return exit_code(failures, next(iter(plans.values())))


def _plan(arguments: argparse.Namespace, mode: ToolMode) -> EvaluationPlan:
    values = vars(arguments) | {"mode": mode.value, "output": arguments.output / mode.value}
    return make_plan(argparse.Namespace(**values))


async def _play(plans: dict[ToolMode, EvaluationPlan], console: Console) -> set[str]:
    """Plays one mode after the other; returns what failed in any of them."""
    failures: set[str] = set()
    for mode, plan in plans.items():
        console.rule(mode.value, align="left")
        result = await plan.carry_out(console)
        show_notes(result.summary, console)
        tell_failures(result, plan)
        failures |= result.summary.failures.keys()
    return failures


def _modes(text: str) -> Sequence[ToolMode]:
    names = [part.strip() for part in text.split(",")]
    unknown = next((name for name in names if name not in list(ToolMode)), None)
    if unknown is not None:
        raise argparse.ArgumentTypeError(f"{unknown!r} is no mode; use some of: {','.join(ToolMode)}")
    if len(set(names)) < max(2, len(names)):
        raise argparse.ArgumentTypeError(f"{text!r} names too few modes; name two or more, each once")
    return tuple(map(ToolMode, names))
