"""`replgym eval`: plays a task set with a policy and says how much of it was solved, and how sure that is."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...envs.env_config import EnvConfig
from ...envs.task_data.set_choice import SetChoice
from ...envs.task_set import TaskSet
from ...kernels.backends import BACKENDS
from ...kernels.kernel_error import UnknownBackendError
from ...rewards.code_extraction import CODE_EXTRACTIONS
from ...rewards.presets import PRESETS
from ...tools.formats.action_formats import ACTION_FORMATS, UnknownActionFormatError
from ...tools.submit import Submit
from ..evaluation.evaluation_plan import EvaluationPlan
from ..policies.policy import Sampling
from ..policies.policy_choice import POLICY_KINDS, PolicyChoice
from ..report.tables import quality_table, summary_table
from ..rollouts.play_settings import PlaySettings
from ..rollouts.retry_strategy import RetryStrategy
from ..rollouts.rollout_limits import RolloutLimits
from .usage_error import UsageError


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser("eval", help="evaluate a policy on a task set")
    parser.add_argument(
        "set",
        metavar="SET",
        help=f"NAME[:SPLIT][=PATH], or a file of tasks; names: {', '.join(TaskSet.names())}",
    )
    parser.add_argument("--policy", default="openai", help=f"{', '.join(POLICY_KINDS)} (default: openai)")
    parser.add_argument("--model", help="model name at the endpoint")
    parser.add_argument(
        "--base-url",
        metavar="URL[,URL...]",
        type=_urls,
        action="extend",
        help="where the model is served, such as http://127.0.0.1:8000/v1; several for sglang and vllm",
    )
    parser.add_argument("--api-key-env", default="OPENAI_API_KEY", help="variable with the key (%(default)s)")
    parser.add_argument("--tool-choice", help="auto, none, required or a tool; for --action-format native")
    parser.add_argument("-n", "--tasks", type=_positive, help="how many tasks (default: all; blackbox: 100)")
    parser.add_argument("-k", "--samples", type=_positive, default=1, help="episodes per task (%(default)s)")
    parser.add_argument("--split", help="split of the set (default: its first; blackbox: heldout)")
    parser.add_argument("--levels", type=_levels, help="blackbox: levels such as 1,2,3")
    _add_environment(parser)
    parser.add_argument("--temperature", type=_temperature, default=0.0, help="0 is greedy (%(default)s)")
    parser.add_argument("--max-tokens", type=_positive, default=1024, help="tokens per message (%(default)s)")
    parser.add_argument("--output", type=Path, help="folder for episodes.jsonl and summary.json")
    parser.add_argument(
        "--resume", action="store_true", help="go on with --output; failures are played again"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of tasks and sampling (%(default)s)")
    _add_run(parser)
    parser.set_defaults(run=run)


def _add_environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--action-format", default="fenced", help=f"{', '.join(ACTION_FORMATS)} (%(default)s)"
    )
    parser.add_argument(
        "--calls-per-message", type=_positive, help="calls of one message (default: as the format does it)"
    )
    parser.add_argument(
        "--no-interpreter", action="store_true", help="the policy may submit, but not run cells"
    )
    parser.add_argument(
        "--code-extraction",
        metavar="POLICY",
        help=f"how a message without a call is taken as the answer: {', '.join(CODE_EXTRACTIONS)}; "
        "needs --no-interpreter, or a format whose calls are no blocks of code",
    )
    parser.add_argument(
        "--rubric",
        type=_rubric,
        metavar="PRESET|JSON",
        help=f"reward: {', '.join(sorted(PRESETS))}, or such as '{{\"fraction\": 1}}' (default: all-pass)",
    )
    parser.add_argument("--max-turns", type=_positive, help="messages per episode (default: 8)")
    parser.add_argument("--max-cells", type=_positive, help="cells per episode (default: no limit)")
    parser.add_argument(
        "--max-response-tokens", type=_positive, help="tokens per episode, where the policy counts ids"
    )
    parser.add_argument(
        "--max-seconds", type=_seconds, default=600.0, help="deadline of an episode (%(default)g)"
    )
    parser.add_argument("--backend", default="jupyter", help=f"{', '.join(sorted(BACKENDS))} (%(default)s)")
    parser.add_argument(
        "--backend-options", default="{}", metavar="JSON", help='such as \'{"isolation": "namespaces"}\''
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--concurrency", type=_positive, default=8, help="episodes at once (%(default)s)")
    parser.add_argument(
        "--kernels", type=_positive, help="interpreters alive at once (default: as episodes, up to 256)"
    )
    parser.add_argument(
        "--tries",
        type=_positive,
        default=2,
        help="attempts when the machine fails an episode (%(default)s)",
    )
    parser.add_argument(
        "--grace", type=_seconds, default=10.0, help="seconds to end after Ctrl-C or SIGTERM (%(default)g)"
    )
    parser.add_argument(
        "--ray",
        nargs="?",
        const="auto",
        metavar="ADDRESS",
        help="play on every node of a Ray cluster; --concurrency and --kernels are then those of a node",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    plan = make_plan(arguments)
    summary = asyncio.run(plan.carry_out(_console()))
    _console().print(summary_table({plan.title: summary}))
    _console().print(quality_table(summary))
    _console().print(summary.protocols_line, markup=False)
    if summary.ids_line:
        _console().print(summary.ids_line, markup=False)
    if plan.output is not None:
        _console().print(f"Written: {plan.output / 'episodes.jsonl'}, {plan.output / 'summary.json'}")
    return 0


def make_plan(arguments: argparse.Namespace) -> EvaluationPlan:
    """Checks everything that can be checked before something starts.

    Raises:
        UsageError: If a value cannot be used; other errors of bad values likewise name value and fix.
    """
    if arguments.action_format not in ACTION_FORMATS:
        raise UnknownActionFormatError(
            f"unknown action format {arguments.action_format!r}; use one of: {', '.join(ACTION_FORMATS)}"
        )
    if arguments.backend not in BACKENDS:
        raise UnknownBackendError(
            f"unknown back end {arguments.backend!r}; use one of: {', '.join(sorted(BACKENDS))}"
        )
    tasks = _task_set(arguments)
    typed = {key: str(v) if isinstance(v, Path) else v for key, v in vars(arguments).items() if key != "run"}
    _check_output(arguments.output, arguments.resume)
    return EvaluationPlan(
        title=f"{tasks.name}, {arguments.model or Path(arguments.policy).name}",
        tasks=tasks,
        policy=_policy_choice(arguments),
        settings=_play_settings(arguments),
        samples=arguments.samples,
        concurrency=arguments.concurrency,
        kernels=arguments.kernels,
        retry=RetryStrategy(tries=arguments.tries),
        grace=arguments.grace,
        ray=arguments.ray,
        output=arguments.output,
        resume=arguments.resume,
        arguments=typed,
    )


def _policy_choice(arguments: argparse.Namespace) -> PolicyChoice:
    return PolicyChoice(
        arguments.policy,
        arguments.model,
        tuple(arguments.base_url or ()),
        arguments.api_key_env,
        arguments.tool_choice,
    )


def _play_settings(arguments: argparse.Namespace) -> PlaySettings:
    return PlaySettings(
        env=_env_config(arguments),
        limits=RolloutLimits(
            turn_tokens=arguments.max_tokens,
            response_tokens=arguments.max_response_tokens,
            seconds=arguments.max_seconds,
        ),
        sampling=Sampling(temperature=arguments.temperature, max_tokens=arguments.max_tokens),
        seed=arguments.seed,
    )


def _task_set(arguments: argparse.Namespace) -> TaskSet:
    if arguments.set != "blackbox":
        if arguments.levels is not None:
            raise UsageError(
                f"--levels is for the task set blackbox only; leave it out for {arguments.set!r}"
            )
        choice = SetChoice.parse(arguments.set)
        split = choice.split or arguments.split
        return TaskSet.load(choice.source.name, path=choice.path, split=split, limit=arguments.tasks)
    options: dict[str, Any] = {"split": arguments.split or "heldout", "size": arguments.tasks or 100}
    if arguments.levels is not None:
        options["levels"] = arguments.levels
    return TaskSet.load("blackbox", seed=arguments.seed, **options)


def _env_config(arguments: argparse.Namespace) -> EnvConfig:
    try:
        options = json.loads(arguments.backend_options)
    except ValueError as error:
        raise UsageError(f"--backend-options {arguments.backend_options!r} is not JSON: {error}") from None
    values: dict[str, Any] = {
        "action_format": arguments.action_format,
        "backend": arguments.backend,
        "backend_options": options,
    }
    if arguments.no_interpreter:
        values["tools"] = (Submit.name,)
    for name in ("calls_per_message", "max_turns", "max_cells", "code_extraction", "rubric"):
        if getattr(arguments, name) is not None:
            values[name] = getattr(arguments, name)
    return EnvConfig(**values)


def _check_output(output: Path | None, resume: bool) -> None:
    if output is None:
        if resume:
            raise UsageError("--resume needs --output DIR, the folder of the run to go on with")
        return
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {str(output)!r} is a file; give a folder")
    path = output / "episodes.jsonl"
    if not resume and path.exists() and path.stat().st_size:
        raise UsageError(
            f"--output {str(output)!r} already holds episodes; add --resume or give another folder"
        )


def _console() -> Any:
    try:
        from rich.console import Console
    except ImportError as error:
        raise UsageError("the package rich is not installed; run: pip install 'replgym[eval]'") from error
    return Console(file=sys.stdout)


def _urls(text: str) -> list[str]:
    return [url for url in (part.strip() for part in text.split(",")) if url]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 0")
    return value


def _rubric(text: str) -> Any:
    """A preset's name, or what the JSON says; the environment checks it."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON: {error}") from None


def _levels(text: str) -> Sequence[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of levels; write them as 1,2,3")
    return tuple(int(part) for part in parts)
