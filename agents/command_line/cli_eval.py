"""`replgym eval`: plays task sets with a policy and says how much was solved, and how sure that is."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...envs.env_config import FORMATS_OF_CELLS, EnvConfig
from ...envs.task_data.set_choice import SetChoiceError
from ...kernels.backends import BACKENDS
from ...kernels.kernel_error import UnknownBackendError
from ...tools.formats.action_formats import ACTION_FORMATS, UnknownActionFormatError
from ..evaluation.evaluation_plan import EvaluationPlan
from ..evaluation.evaluation_result import LATEX, MARKDOWN, SUMMARY, EvaluationResult
from ..evaluation.evaluation_set import EvaluationSet
from ..evaluation.evaluation_summary import EvaluationSummary
from ..evaluation.run_record import EPISODES
from ..evaluation.spending import Budget, Prices
from ..policies.policy import Sampling
from ..policies.policy_choice import PolicyChoice
from ..report.tables import quality_table, summary_table
from ..rollouts.episode import Failure
from ..rollouts.play_settings import PlaySettings
from ..rollouts.retry_strategy import RetryStrategy
from ..rollouts.rollout_limits import RolloutLimits
from ..usage_error import UsageError
from .eval_arguments import add_arguments
from .exit_code import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

_SUBMISSIONS_ALONE = "none"


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser("eval", help="evaluate a policy on task sets")
    add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code, which says nothing about the score."""
    plan, console = make_plan(arguments), results_console()
    if arguments.dry_run:
        from .eval_plan_display import show_plan

        show_plan(plan, console)
        return ExitCode.DONE
    result = asyncio.run(plan.carry_out(console))
    _show(result, console)
    if plan.output is not None:
        names = [EPISODES, SUMMARY, MARKDOWN, LATEX]
        if arguments.inspect:
            from ..evaluation.inspect_log import write_inspect_logs

            names += write_inspect_logs(plan.output)
        console.print(f"Written to {plan.output}: {', '.join(names)}", soft_wrap=True)
    tell_failures(result, plan)
    return exit_code(result.summary.failures, plan)


def make_plan(arguments: argparse.Namespace) -> EvaluationPlan:
    """Checks everything that can be checked before something starts.

    Raises:
        UsageError: If a value cannot be used; other errors of bad values likewise name value and fix.
    """
    _check_names(arguments)
    _check_output(arguments)
    prices = _prices(arguments)
    policy = PolicyChoice(
        arguments.policy,
        arguments.model,
        tuple(arguments.base_url or ()),
        arguments.api_key_env,
        arguments.tool_choice,
        arguments.extra_body,
        arguments.request_timeout,
    )
    policy.check()
    typed = {key: str(v) if isinstance(v, Path) else v for key, v in vars(arguments).items() if key != "run"}
    return EvaluationPlan(
        sets=_sets(arguments),
        policy=policy,
        policy_name=policy.name,
        settings=_play_settings(arguments),
        samples=arguments.samples,
        concurrency=arguments.concurrency,
        kernels=arguments.kernels,
        retry=RetryStrategy(tries=arguments.tries),
        grace=arguments.grace,
        ray=arguments.ray,
        output=arguments.output,
        resume=arguments.resume,
        budget=Budget(arguments.max_cost, arguments.max_tokens_total),
        prices=prices,
        arguments=typed,
    )


def _prices(arguments: argparse.Namespace) -> Prices:
    prices = Prices(prompt=arguments.price_in, completion=arguments.price_out)
    if arguments.max_cost is not None and not prices.known:
        raise UsageError(
            f"--max-cost {arguments.max_cost:g} needs --price-in or --price-out, per million tokens"
        )
    return prices


def _check_names(arguments: argparse.Namespace) -> None:
    if arguments.action_format not in ACTION_FORMATS:
        raise UnknownActionFormatError(
            f"unknown action format {arguments.action_format!r}; use one of: {', '.join(ACTION_FORMATS)}"
        )
    if arguments.backend not in BACKENDS:
        raise UnknownBackendError(
            f"unknown back end {arguments.backend!r}; use one of: {', '.join(sorted(BACKENDS))}"
        )


def _sets(arguments: argparse.Namespace) -> tuple[EvaluationSet, ...]:
    sets = []
    for text in arguments.sets:
        name = text.partition(":")[0].partition(",")[0]
        if arguments.levels is not None:
            if name != "blackbox":
                raise UsageError(f"--levels is for the task set blackbox only; leave it out for {text!r}")
            text += f",levels={','.join(map(str, arguments.levels))}"
        sets.append(
            EvaluationSet.load(
                text,
                split=arguments.split,
                limit=arguments.tasks,
                seed=arguments.seed,
                shuffle=arguments.shuffle,
            )
        )
    twice = [label for label, count in Counter(each.label for each in sets).items() if count > 1]
    if twice:
        raise SetChoiceError(f"task set {twice[0]!r} is named twice; name each once")
    empty = next((each for each in sets if not len(each.tasks)), None)
    if empty is not None:
        bad = f": {len(empty.tasks.bad_rows)} rows cannot be used" if empty.tasks.bad_rows else ""
        raise SetChoiceError(f"task set {empty.label!r} has no tasks{bad}; choose another split or window")
    return tuple(sets)


def _play_settings(arguments: argparse.Namespace) -> PlaySettings:
    values: dict[str, Any] = {
        "action_format": arguments.action_format,
        "mode": arguments.mode,
        "code_extraction": _code_extraction(arguments),
        "backend": arguments.backend,
        "backend_options": arguments.backend_options,
    }
    for name in ("calls_per_message", "max_turns", "max_cells", "rubric"):
        if getattr(arguments, name) is not None:
            values[name] = getattr(arguments, name)
    return PlaySettings(
        env=EnvConfig(**values),
        limits=RolloutLimits(
            turn_tokens=arguments.max_tokens,
            response_tokens=arguments.max_response_tokens,
            seconds=arguments.max_seconds,
        ),
        sampling=Sampling(
            temperature=arguments.temperature,
            top_p=arguments.top_p,
            max_tokens=arguments.max_tokens,
            stop=tuple(arguments.stop),
        ),
        seed=arguments.seed,
    )


def _code_extraction(arguments: argparse.Namespace) -> str | None:
    """What is asked for; or what a chat model needs that nobody taught to submit."""
    given: str | None = arguments.code_extraction
    if given is None and arguments.policy == "openai":
        return "last-cell" if arguments.action_format in FORMATS_OF_CELLS else "last-block"
    return None if given == _SUBMISSIONS_ALONE else given


def _check_output(arguments: argparse.Namespace) -> None:
    output: Path | None = arguments.output
    if output is None:
        for name in ("resume", "inspect"):
            if getattr(arguments, name):
                raise UsageError(f"--{name} needs --output DIR, the folder of the run")
    elif output.exists() and not output.is_dir():
        raise UsageError(f"--output {str(output)!r} is a file; give a folder")


def _show(result: EvaluationResult, console: Console) -> None:
    rows = dict(result.sets) if len(result.sets) == 1 else {**result.sets, "all": result.summary}
    console.print(summary_table({f"{label}, {result.record.policy}": each for label, each in rows.items()}))
    console.print(quality_table(result.summary))
    show_notes(result.summary, console)
    lines = []
    if result.spending.prices.known:
        lines.append(f"cost: {result.spending.cost:.4g} for {result.spending.tokens:,} tokens")
    if result.stopped:
        played = f"{result.summary.episodes:,} of {result.planned:,} episodes are played"
        lines.append(f"stopped: {result.stopped}; {played}; go on with the same command and a larger budget")
    _print_lines(lines, console)


def show_notes(summary: EvaluationSummary, console: Console) -> None:
    """Prints how messages were written, and what is wrong beside the answers."""
    _print_lines([summary.protocols_line, summary.ids_line, *summary.warnings], console)


def _print_lines(lines: Sequence[str], console: Console) -> None:
    for line in filter(None, lines):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def exit_code(failures: Collection[str], plan: EvaluationPlan) -> ExitCode:
    """Whose fault it was that episodes failed.

    Args:
        failures: The parts that broke, each a `Failure`.
        plan: What was played.
    """
    if not failures:
        return ExitCode.DONE
    return ExitCode.ENDPOINT if plan.policy.served and Failure.POLICY in failures else ExitCode.FAULT


def tell_failures(result: EvaluationResult, plan: EvaluationPlan) -> None:
    """Says on stderr how many episodes failed, if any did, and how they are played again."""
    failures = result.summary.failures
    if not failures:
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in failures.items())
    again = (
        "the same command plays them again" if plan.output is not None else "--output DIR would keep the rest"
    )
    sys.stderr.write(
        f"replgym: {sum(failures.values()):,} of {result.summary.episodes:,} episodes failed ({kinds}) "
        f"and count in no rate; {again}\n"
    )


def results_console() -> Console:
    """Where results are shown.

    Raises:
        UsageError: If rich is not installed.
    """
    try:
        from rich.console import Console
    except ImportError as error:
        raise UsageError("the package rich is not installed; run: pip install 'replgym[eval]'") from error
    return Console(file=sys.stdout)
