"""`replgym eval`: plays a task set with a policy and says how much of it was solved, and how sure that is."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..envs.env_config import EnvConfig
from ..envs.task_data.set_choice import SetChoice
from ..envs.task_set import TaskSet
from ..kernels.backends import BACKENDS
from ..kernels.kernel_error import UnknownBackendError
from ..rewards.code_extraction import CODE_EXTRACTIONS
from ..rewards.presets import PRESETS
from ..tools.action_formats import ACTION_FORMATS, UnknownActionFormatError
from ..tools.submit import Submit
from .episode import Episode
from .episode_log import EpisodeLog, read_episodes
from .evaluation import evaluate
from .evaluation_progress import EvaluationProgress
from .evaluation_summary import EvaluationSummary
from .policy import Sampling
from .policy_choice import POLICY_KINDS, PolicyChoice
from .report.tables import quality_table, summary_table
from .rollout_limits import RolloutLimits
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
    parser.add_argument("--base-url", help="OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1")
    parser.add_argument("--api-key-env", default="OPENAI_API_KEY", help="variable with the key (%(default)s)")
    parser.add_argument("-n", "--tasks", type=_positive, help="how many tasks (default: all; blackbox: 100)")
    parser.add_argument("-k", "--samples", type=_positive, default=1, help="episodes per task (%(default)s)")
    parser.add_argument("--split", help="split of the set (default: its first; blackbox: heldout)")
    parser.add_argument("--levels", type=_levels, help="blackbox: levels such as 1,2,3")
    _add_environment(parser)
    parser.add_argument("--temperature", type=_temperature, default=0.0, help="0 is greedy (%(default)s)")
    parser.add_argument("--max-tokens", type=_positive, default=1024, help="tokens per message (%(default)s)")
    parser.add_argument("--concurrency", type=_positive, default=8, help="episodes at once (%(default)s)")
    parser.add_argument("--output", type=Path, help="folder for episodes.jsonl and summary.json")
    parser.add_argument(
        "--resume", action="store_true", help="go on with --output; failures are played again"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of tasks and sampling (%(default)s)")
    parser.set_defaults(run=run)


def _add_environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--action-format", default="fenced", help=f"{', '.join(ACTION_FORMATS)} (%(default)s)"
    )
    parser.add_argument(
        "--no-interpreter", action="store_true", help="the policy may submit, but not run cells"
    )
    parser.add_argument(
        "--code-extraction",
        metavar="POLICY",
        help=f"how a message without a call is taken as the answer: {', '.join(CODE_EXTRACTIONS)}; "
        "needs --no-interpreter, or --action-format hermes or json",
    )
    parser.add_argument(
        "--rubric",
        type=_rubric,
        metavar="PRESET|JSON",
        help=f"reward: {', '.join(sorted(PRESETS))}, or such as '{{\"fraction\": 1}}' (default: all-pass)",
    )
    parser.add_argument("--max-turns", type=_positive, help="messages per episode (default: 8)")
    parser.add_argument("--backend", default="jupyter", help=f"{', '.join(sorted(BACKENDS))} (%(default)s)")
    parser.add_argument(
        "--backend-options", default="{}", metavar="JSON", help='such as \'{"isolation": "namespaces"}\''
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    plan = make_plan(arguments)
    summary = asyncio.run(_evaluate(plan))
    _console().print(summary_table({plan.title: summary}))
    _console().print(quality_table(summary))
    if plan.output is not None:
        _console().print(f"Written: {plan.output / 'episodes.jsonl'}, {plan.output / 'summary.json'}")
    return 0


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """A checked command line."""

    title: str
    tasks: TaskSet
    policy: PolicyChoice
    env: EnvConfig
    samples: int
    concurrency: int
    sampling: Sampling
    limits: RolloutLimits
    seed: int
    output: Path | None = None
    finished: tuple[Episode, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


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
    choice = PolicyChoice(arguments.policy, arguments.model, arguments.base_url, arguments.api_key_env)
    settings = {
        key: str(v) if isinstance(v, Path) else v for key, v in vars(arguments).items() if key != "run"
    }
    return EvaluationPlan(
        title=f"{tasks.name}, {arguments.model or Path(arguments.policy).name}",
        tasks=tasks,
        policy=choice,
        env=_env_config(arguments),
        samples=arguments.samples,
        concurrency=arguments.concurrency,
        sampling=Sampling(temperature=arguments.temperature, max_tokens=arguments.max_tokens),
        limits=RolloutLimits(turn_tokens=arguments.max_tokens),
        seed=arguments.seed,
        output=arguments.output,
        finished=_finished(arguments.output, arguments.resume, tasks, arguments.samples),
        settings=settings,
    )


async def _evaluate(plan: EvaluationPlan) -> EvaluationSummary:
    total = len(plan.tasks) * plan.samples
    async with plan.policy.open(plan.env.make_parser()) as policy:
        log = EpisodeLog(plan.output / "episodes.jsonl") if plan.output else None
        try:
            with EvaluationProgress(_console(), plan.title, total, plan.finished) as progress:
                summary = await evaluate(
                    plan.tasks,
                    policy,
                    env_config=plan.env,
                    samples=plan.samples,
                    concurrency=plan.concurrency,
                    limits=plan.limits,
                    sampling=plan.sampling,
                    seed=plan.seed,
                    log=log,
                    finished=plan.finished,
                    on_episode=progress.add,
                )
        finally:
            if log is not None:
                log.close()
    if plan.output is not None:
        text = json.dumps({"settings": plan.settings, **summary.model_dump(mode="json")}, indent=2)
        (plan.output / "summary.json").write_text(text + "\n", encoding="utf-8")
    return summary


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
    if arguments.max_turns is not None:
        values["max_turns"] = arguments.max_turns
    if arguments.no_interpreter:
        values["tools"] = (Submit.name,)
    if arguments.code_extraction is not None:
        values["code_extraction"] = arguments.code_extraction
    if arguments.rubric is not None:
        values["rubric"] = arguments.rubric
    return EnvConfig(**values)


def _finished(output: Path | None, resume: bool, tasks: TaskSet, samples: int) -> tuple[Episode, ...]:
    """Scored episodes to keep; the log is rewritten without failures, which are played again."""
    if output is None:
        if resume:
            raise UsageError("--resume needs --output DIR, the folder of the run to go on with")
        return ()
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {str(output)!r} is a file; give a folder")
    path = output / "episodes.jsonl"
    if not path.exists():
        return ()
    if not resume:
        raise UsageError(
            f"--output {str(output)!r} already holds episodes; add --resume or give another folder"
        )
    wanted = {task.id for task in tasks}
    episodes = {(e.task_id, e.sample): e for e in read_episodes(path) if e.failure is None}
    EpisodeLog(path).rewrite(episodes.values())
    return tuple(e for e in episodes.values() if e.task_id in wanted and e.sample < samples)


def _console() -> Any:
    try:
        from rich.console import Console
    except ImportError as error:
        raise UsageError("the package rich is not installed; run: pip install 'replgym[eval]'") from error
    return Console(file=sys.stdout)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


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
