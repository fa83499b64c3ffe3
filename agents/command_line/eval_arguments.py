"""The options of `replgym eval`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...envs.task_set import TaskSet
from ...kernels.backends import BACKENDS
from ...rewards.code_extraction import CODE_EXTRACTIONS
from ...rewards.presets import PRESETS
from ...tools.formats.action_formats import ACTION_FORMATS
from ...tools.tool_mode import ToolMode
from ..policies.policy_choice import POLICY_KINDS
from . import argument_types as types

_SETS = "NAME[:SPLIT][,KEY=VALUE...][=PATH], or a file of tasks; several are evaluated together"


def add_arguments(parser: argparse.ArgumentParser, *, mode: bool = True, folder: str = "--output") -> None:
    """Adds all of them.

    Args:
        parser: Of the command.
        mode: Whether the command leaves the mode of evaluation to its user.
        folder: The option that names the folder of the run.
    """
    parser.add_argument("sets", metavar="SET", nargs="+", help=f"{_SETS}; {', '.join(TaskSet.names())}")
    _add_policy(parser.add_argument_group("model"))
    _add_tasks(parser.add_argument_group("tasks"))
    _add_sampling(parser.add_argument_group("sampling"))
    environment = parser.add_argument_group("environment")
    if mode:
        _add_mode(environment)
    _add_environment(environment)
    _add_run(parser.add_argument_group("run"))
    _add_budget(parser.add_argument_group("budget"))
    _add_output(parser.add_argument_group("output"), folder)


def _add_policy(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model", help="model name at the endpoint")
    group.add_argument(
        "--base-url",
        metavar="URL[,URL...]",
        type=types.urls,
        action="extend",
        help="where the model is served, such as http://127.0.0.1:8000/v1; several for sglang and vllm",
    )
    group.add_argument("--policy", default="openai", help=f"{', '.join(POLICY_KINDS)} (default: openai)")
    group.add_argument("--api-key-env", default="OPENAI_API_KEY", help="variable with the key (%(default)s)")
    group.add_argument("--tool-choice", help="auto, none, required or a tool; for --action-format native")
    group.add_argument(
        "--extra-body",
        metavar="JSON",
        type=types.json_object,
        default={},
        help="fields of every request that only this endpoint knows",
    )
    group.add_argument(
        "--request-timeout",
        type=types.seconds,
        default=120.0,
        help="seconds for one answer of --policy openai, before it is asked for again (%(default)g)",
    )


def _add_tasks(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-n", "--tasks", type=types.positive, help="how many tasks of each set (default: all; blackbox: 100)"
    )
    group.add_argument(
        "--shuffle", action="store_true", help="draw the -n tasks by --seed; else they are the first"
    )
    group.add_argument(
        "-k", "--samples", type=types.positive, default=1, help="episodes per task (%(default)s)"
    )
    group.add_argument(
        "--split", help="split of sets that name none (default: their first; blackbox: heldout)"
    )
    group.add_argument("--levels", type=types.whole_numbers, help="blackbox: levels such as 1,2,3")


def _add_sampling(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--temperature", type=types.temperature, default=0.0, help="0 is greedy (%(default)s)")
    group.add_argument("--top-p", type=types.share, default=1.0, help="nucleus sampling (%(default)s)")
    group.add_argument(
        "--max-tokens", type=types.positive, default=1024, help="tokens per message (%(default)s)"
    )
    group.add_argument(
        "--stop", metavar="TEXT", action="append", default=[], help="a text that ends a message; repeatable"
    )
    group.add_argument("--seed", type=int, default=0, help="seed of tasks and sampling (%(default)s)")


def _add_mode(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--mode",
        default=ToolMode.STATEFUL.value,
        help=f"what a model has: {', '.join(ToolMode)} (%(default)s)",
    )


def _add_environment(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--action-format", default="fenced", help=f"{', '.join(ACTION_FORMATS)} (%(default)s)")
    group.add_argument(
        "--calls-per-message",
        type=types.positive,
        help="calls of one message (default: as the format does it)",
    )
    group.add_argument(
        "--code-extraction",
        metavar="POLICY",
        help=f"how a message without a call is taken as the answer: {', '.join(CODE_EXTRACTIONS)}, or none "
        "for submissions alone (default: none; with --policy openai last-cell where code in blocks is run, "
        "last-block elsewhere)",
    )
    group.add_argument(
        "--rubric",
        type=types.rubric,
        metavar="PRESET|JSON",
        help=f"reward: {', '.join(sorted(PRESETS))}, or such as '{{\"fraction\": 1}}' (default: all-pass)",
    )
    group.add_argument("--max-turns", type=types.positive, help="messages per episode (default: 8)")
    group.add_argument("--max-cells", type=types.positive, help="cells per episode (default: no limit)")
    group.add_argument(
        "--max-response-tokens", type=types.positive, help="tokens per episode, where the policy counts ids"
    )
    group.add_argument(
        "--max-seconds", type=types.seconds, default=600.0, help="deadline of an episode (%(default)g)"
    )
    group.add_argument("--backend", default="jupyter", help=f"{', '.join(sorted(BACKENDS))} (%(default)s)")
    group.add_argument(
        "--backend-options",
        type=types.json_object,
        default={},
        metavar="JSON",
        help='such as \'{"isolation": "namespaces"}\'',
    )


def _add_run(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--concurrency", type=types.positive, default=8, help="episodes at once (%(default)s)")
    group.add_argument(
        "--kernels", type=types.positive, help="interpreters alive at once (default: as episodes, up to 256)"
    )
    group.add_argument(
        "--tries",
        type=types.positive,
        default=2,
        help="attempts when the machine fails an episode (%(default)s)",
    )
    group.add_argument(
        "--grace",
        type=types.seconds,
        default=10.0,
        help="seconds to end after Ctrl-C or SIGTERM (%(default)g)",
    )
    group.add_argument(
        "--ray",
        nargs="?",
        const="auto",
        metavar="ADDRESS",
        help="play on every node of a Ray cluster; --concurrency and --kernels are then those of a node",
    )


def _add_budget(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--price-in", type=types.price, default=0.0, help="of a million prompt tokens")
    group.add_argument("--price-out", type=types.price, default=0.0, help="of a million completion tokens")
    group.add_argument("--max-cost", type=types.cost, help="start no episode once so much is spent")
    group.add_argument(
        "--max-tokens-total", type=types.positive, help="the same for prompt and completion tokens together"
    )


def _add_output(group: argparse._ArgumentGroup, folder: str) -> None:
    group.add_argument(
        folder, type=Path, help="folder of episodes and results; one that exists is gone on with"
    )
    group.add_argument(
        "--resume", action="store_true", help=f"go on with {folder} though settings or tasks have changed"
    )
    group.add_argument("--inspect", action="store_true", help=f"also write logs for inspect_ai into {folder}")
    group.add_argument(
        "--dry-run", action="store_true", help="show the plan and the first prompt; nothing is played"
    )
