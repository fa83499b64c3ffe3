"""`replgym data synthesize`: tasks, solutions and tests, made with a model."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ...envs.task_data.set_choice import SetChoice
from ...envs.task_sources.bad_row import BadRow
from ..evaluation.spending import Budget, Prices
from ..policies.openai_policy import OpenAIPolicy
from ..policies.policy import PolicyError, Sampling
from ..synthesis.feature_tree import read_seeds
from ..synthesis.given_questions import read_questions
from ..synthesis.problem_seed import ProblemSeed
from ..synthesis.question import Question
from ..synthesis.question_filter import index_of
from ..synthesis.style import Style
from ..synthesis.synthesis_settings import SynthesisSettings
from ..usage_error import UsageError
from . import argument_types as types
from .exit_code import ExitCode

if TYPE_CHECKING:
    from ..synthesis.synthesis import Model, SynthesisPlan

_KEPT = SynthesisSettings()
_REQUESTS = 4
"""Attempts after the first one of a request."""


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    _add_sources(parser)
    _add_models(parser.add_argument_group("models"))
    _add_solutions(parser.add_argument_group("solutions and tests"))
    _add_verification(parser.add_argument_group("self-verification"))
    _add_run(parser.add_argument_group("run"))
    parser.set_defaults(run=_run)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("questions")
    source = group.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--features", metavar="FILE", type=Path, help="a tree (.yaml, .json) or combinations (.jsonl)"
    )
    source.add_argument(
        "--questions", metavar="SET|FILE", help="questions that are there, or NAME[:SPLIT][=PATH]"
    )
    group.add_argument(
        "--styles", choices=[*Style], nargs="+", default=[*Style], help="in turn (default: all)"
    )
    group.add_argument("-n", "--tasks", type=types.positive, help="how many (default: all; of a tree 100)")
    group.add_argument(
        "--features-per-task", type=types.positive, default=4, help="drawn of a tree (%(default)s)"
    )
    group.add_argument("--mandatory", type=int, default=1, help="how many of them are a must (%(default)s)")
    group.add_argument(
        "--near", type=types.number("similarity", 0.5, 1), help="also drop questions this similar"
    )
    group.add_argument(
        "--against", metavar="SET", nargs="+", default=[], help="evaluation sets; what shares text is dropped"
    )
    group.add_argument("--source", default=_KEPT.source, help="what tasks name as theirs (%(default)s)")


def _add_models(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model", required=True, help="model name at the endpoint")
    group.add_argument("--base-url", metavar="URL", required=True, help="such as http://127.0.0.1:8000/v1")
    group.add_argument("--api-key-env", default="OPENAI_API_KEY", help="variable with the key (%(default)s)")
    group.add_argument(
        "--extra-body",
        metavar="JSON",
        type=types.json_object,
        default={},
        help="more fields of every request",
    )
    group.add_argument("--temperature", type=types.temperature, default=0.8, help="(%(default)s)")
    group.add_argument("--top-p", type=types.share, default=1.0, help="(%(default)s)")
    group.add_argument("--max-tokens", type=types.positive, default=8192, help="of a reply (%(default)s)")
    group.add_argument("--seed", type=int, default=0, help="of draws and samples (%(default)s)")
    group.add_argument(
        "--request-seconds",
        type=types.seconds,
        default=600.0,
        help="of a request and its retries (%(default)g)",
    )


def _add_solutions(group: argparse._ArgumentGroup) -> None:
    for name, kind, told in (
        ("solutions", types.positive, "samples of each question"),
        ("min-solutions", types.positive, "that must pass the filters"),
        ("min-tokens", int, "of a solution's reply"),
        ("generators", int, "requests for a program that writes inputs"),
        ("lists", int, "requests for inputs that are written out"),
        ("inputs", types.positive, "wanted of each of these"),
        ("min-tests", types.positive, "of a task"),
        ("max-tests", types.positive, "of a task"),
        ("seconds", types.seconds, "of a solution for one input"),
        ("min-agreement", types.share, "share of the solutions behind a label"),
        ("min-golden", types.share, "share of the labels with which the golden solution agrees"),
    ):
        default = getattr(_KEPT, name.replace("-", "_"))
        group.add_argument(f"--{name}", type=kind, default=default, help=f"{told} (%(default)s)")


def _add_verification(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--tries", type=int, default=_KEPT.tries, help="of the verifier for the pass rate (%(default)s)"
    )
    group.add_argument("--verify-model", help="who tries (default: --model)")
    group.add_argument("--verify-url", metavar="URL", help="where it is served (default: --base-url)")
    group.add_argument(
        "--verify-temperature", type=types.temperature, help="how it samples (default: as --temperature)"
    )
    group.add_argument("--min-pass-rate", type=float, default=0.0, help="(%(default)g)")
    group.add_argument("--max-pass-rate", type=float, default=1.0, help="(%(default)g)")


def _add_run(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--output", type=Path, required=True, help="folder to write")
    group.add_argument("--resume", action="store_true", help="go on with --output; what was done is kept")
    group.add_argument(
        "--easiest-first", action="store_true", help="tasks by their pass rate, as a curriculum"
    )
    group.add_argument("--concurrency", type=types.positive, default=8, help="requests at once (%(default)s)")
    group.add_argument("--sandboxes", type=types.positive, help="programs at once (default: the cores)")
    group.add_argument("--price-in", type=types.price, default=0.0, help="of a million prompt tokens")
    group.add_argument("--price-out", type=types.price, default=0.0, help="of a million completion tokens")
    group.add_argument("--max-cost", type=types.cost, help="ask nothing more once so much is spent")
    group.add_argument("--max-tokens-total", type=types.positive, help="the same for tokens, of all starts")


def _run(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    if (arguments.output / "stages").exists() and not arguments.resume:
        raise UsageError(
            f"--output {arguments.output} holds a synthesis; add --resume to go on with it, or choose another"
        )
    if not 0 <= arguments.mandatory <= arguments.features_per_task:
        raise UsageError(
            f"--mandatory {arguments.mandatory}: give 0 to --features-per-task {arguments.features_per_task}"
        )
    if arguments.easiest_first and not settings.tries:
        raise UsageError("--easiest-first needs a pass rate: give --tries at least 1")
    if arguments.max_cost is not None and not (arguments.price_in or arguments.price_out):
        raise UsageError("--max-cost needs --price-in or --price-out")
    report, fault = asyncio.run(_made(arguments, settings))
    for line in told_report(report):
        _console().print(line, soft_wrap=True)
    _console().print(f"Written: {arguments.output}", soft_wrap=True)
    if fault is None:
        return ExitCode.DONE
    return ExitCode.ENDPOINT if isinstance(fault, PolicyError) else ExitCode.FAULT


def _settings(arguments: argparse.Namespace) -> SynthesisSettings:
    given = vars(arguments)
    known = {name: given[name] for name in SynthesisSettings.model_fields if name in given}
    # A reply cannot be longer than it was allowed to be.
    known["max_tokens"] = max(arguments.max_tokens, arguments.min_tokens)
    try:
        return SynthesisSettings(**known)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = "".join(f"--{str(part).replace('_', '-')}: " for part in fault["loc"])
        raise UsageError(f"{name}{fault['msg'].removeprefix('Value error, ')}") from None


async def _made(
    arguments: argparse.Namespace, settings: SynthesisSettings
) -> tuple[dict[str, Any], Exception | None]:
    """The report, and the fault that left something undone, if there was one."""
    from ..rollouts.stop_signals import StopSignals
    from ..synthesis.synthesis import Synthesis
    from ..terminal.row_progress import RowProgress

    seeds: list[ProblemSeed] = []
    given: list[Question | BadRow] = []
    if arguments.features is not None:
        seeds = list(
            read_seeds(
                arguments.features,
                [Style(style) for style in arguments.styles],
                tasks=arguments.tasks,
                features=arguments.features_per_task,
                mandatory=arguments.mandatory,
                seed=arguments.seed,
            )
        )
    else:
        given = list(read_questions(arguments.questions, source=settings.source, limit=arguments.tasks))
    index = index_of(map(SetChoice.parse, arguments.against))
    async with AsyncExitStack() as stack:
        plan = await _plan(arguments, settings, stack)
        with RowProgress(_console()) as progress:
            work = Synthesis(plan, lambda phase, total: progress.add(phase, total=total))
            with StopSignals(lambda: work.ledger.halt("stopped by a signal")):
                return await work.run(seeds, given, index), work.fault


async def _plan(
    arguments: argparse.Namespace, settings: SynthesisSettings, stack: AsyncExitStack
) -> SynthesisPlan:
    from ..synthesis.synthesis import SynthesisPlan

    author = await _model(arguments, arguments.model, arguments.base_url, arguments.temperature, stack)
    verifier = author
    if settings.tries:
        heat = arguments.verify_temperature
        verifier = await _model(
            arguments,
            arguments.verify_model or arguments.model,
            arguments.verify_url or arguments.base_url,
            arguments.temperature if heat is None else heat,
            stack,
        )
    arguments.output.mkdir(parents=True, exist_ok=True)
    _write_settings(arguments, settings)
    return SynthesisPlan(
        folder=arguments.output,
        settings=settings,
        author=author,
        verifier=verifier,
        prices=Prices(prompt=arguments.price_in, completion=arguments.price_out),
        budget=Budget(arguments.max_cost, arguments.max_tokens_total),
        near=arguments.near,
        concurrency=arguments.concurrency,
        sandboxes=arguments.sandboxes or os.cpu_count() or 1,
        easiest_first=arguments.easiest_first,
    )


async def _model(
    arguments: argparse.Namespace, name: str, url: str, temperature: float, stack: AsyncExitStack
) -> Model:
    """Makes a model and checks that it is served.

    Raises:
        EndpointError: If it is not.
    """
    from ..synthesis.synthesis import Model

    policy = OpenAIPolicy(
        name,
        url,
        os.environ.get(arguments.api_key_env),
        request_timeout=arguments.request_seconds,
        deadline=arguments.request_seconds,
        retries=_REQUESTS,
        extra_body=arguments.extra_body,
    )
    stack.push_async_callback(policy.close)
    await policy.check()
    sampling = Sampling(
        temperature=temperature,
        top_p=arguments.top_p,
        max_tokens=arguments.max_tokens,
        seed=arguments.seed,
    )
    return Model(policy, sampling, arguments.extra_body)


def _write_settings(arguments: argparse.Namespace, settings: SynthesisSettings) -> None:
    """What this start was asked for; keys are read from the environment and never written."""
    told = {name: value for name, value in vars(arguments).items() if name not in ("run", "command", "part")}
    told |= settings.model_dump(mode="json")
    (arguments.output / "settings.json").write_text(json.dumps(told, indent=2, default=str) + "\n")


def told_report(report: Mapping[str, Any]) -> list[str]:
    """A report in a few lines."""
    agreement, rate = report["agreement"]["mean"], report["pass_rate"]["mean"]
    lines = [
        f"{report['seeds']} seeds, {report['questions']} questions, {report['solutions']} solutions, "
        f"{report['programs']} of them usable, {report['inputs']} inputs, {report['labels']} labels, "
        f"{report['tasks']} tasks, {report['conversations']} conversations",
    ]
    if agreement is not None:
        told = "" if rate is None else f"; mean pass rate {rate:.2f}"
        lines.append(f"mean agreement {agreement:.2f}{told}")
    for stage, counts in report["rejected"].items():
        parts = (f"{count} {reason.replace('_', ' ')}" for reason, count in counts.items())
        lines.append(f"set aside, {stage}: {', '.join(parts)}")
    tokens = report["prompt_tokens"] + report["completion_tokens"]
    lines.append(f"{tokens:,} tokens" + (f", cost {report['cost']:.4g}" if report["cost"] else ""))
    if report["bad_rows"]:
        lines.append(f"{report['bad_rows']} bad rows")
    if report["unfinished"]:
        why = report["stopped"] or report["fault"]
        lines.append(f"{report['unfinished']} unfinished: {why}; --resume goes on")
    return lines


def _console() -> Any:
    from rich.console import Console

    return Console(markup=False, emoji=False)
