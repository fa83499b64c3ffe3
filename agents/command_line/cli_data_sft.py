"""`replgym data sft`: conversations to learn from, of data sets and of episodes."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...envs.task_sources.bad_row import BadRow
from ...envs.task_sources.conversation import Conversation, write_conversations
from ...envs.task_sources.conversation_reader import read_conversations
from ...envs.task_sources.xcoder_sft import XCODER_SFT, XCoderSubset, xcoder_conversations
from ...tools.formats.action_formats import ACTION_FORMATS
from ..sft.episode_choice import ChoiceRules, Keep, choose
from ..sft.episode_conversation import conversations_of
from ..sft.swift_rows import write_swift
from ..usage_error import UsageError
from . import argument_types as types
from .cli_eval import make_plan
from .eval_arguments import add_arguments

if TYPE_CHECKING:
    from ..terminal.row_progress import RowProgress

_EPISODES = "episodes.jsonl"
_BLACK_BOX = "blackbox"


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the sources as commands of their own."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="SOURCE", parser_class=type(parser))
    _fill_xcoder(kinds.add_parser("xcoder", help=f"the rows of {XCODER_SFT.title}"))
    _fill_play(kinds.add_parser("play", help="play tasks with a policy, and keep episodes that solve them"))
    _fill_episodes(kinds.add_parser("episodes", help="keep episodes of logs that solve their tasks"))
    _fill_swift(kinds.add_parser("swift", help="conversations as ms-swift reads them"))


def _fill_xcoder(parser: argparse.ArgumentParser) -> None:
    _add_out(parser)
    parser.add_argument("--path", type=Path, help=f"local file or folder (default: hub, {XCODER_SFT.title})")
    parser.add_argument(
        "--subset", choices=[*XCoderSubset], default=XCoderSubset.HYBRID, help="(%(default)s)"
    )
    parser.add_argument("--system", help="a system message to put first")
    parser.add_argument("--no-reasoning", action="store_true", help="drop what stands before </think>")
    parser.add_argument(
        "--one-program", action="store_true", help="leave out answers without exactly one program that parses"
    )
    parser.set_defaults(run=_xcoder)


def _fill_play(parser: argparse.ArgumentParser) -> None:
    add_arguments(parser, folder="--episodes")
    _add_out(parser)
    _add_rules(parser)
    parser.set_defaults(run=_play)


def _fill_episodes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "logs", metavar="LOG", nargs="+", type=Path, help=f"a log of episodes, or a folder with {_EPISODES}"
    )
    _add_out(parser)
    _add_rules(parser)
    parser.add_argument(
        "--action-format", choices=ACTION_FORMATS, help="of logs that do not say theirs; others keep theirs"
    )
    parser.set_defaults(run=_episodes)


def _fill_swift(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="conversations, .parquet or .jsonl"
    )
    parser.add_argument("--output", type=Path, required=True, help="the .jsonl file to write")
    parser.set_defaults(run=_swift)


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, help="the .parquet or .jsonl file to write")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("choice")
    group.add_argument("--keep", choices=[*Keep], default=Keep.BEST, help="of those of a task (%(default)s)")
    group.add_argument(
        "--max-per-task",
        type=types.positive,
        help="of a task (default: 1; with --keep all: no limit)",
    )
    group.add_argument(
        "--min-reward", type=float, help="reward of an episode at least (default: those that are solved)"
    )
    group.add_argument(
        "--no-faults", action="store_true", help="leave out episodes with a message that does nothing"
    )


def _xcoder(arguments: argparse.Namespace) -> int:
    found = xcoder_conversations(
        arguments.path,
        subset=arguments.subset,
        system=arguments.system,
        reasoning=not arguments.no_reasoning,
        one_program=arguments.one_program,
    )
    return _write(found, _checked(arguments.output), XCODER_SFT.name)


def _play(arguments: argparse.Namespace) -> int:
    """Plays as `replgym eval` does, into a folder beside the file unless another one is named."""
    out = _checked(arguments.output)
    # A black box is trained on: its other split is for measuring.
    arguments.sets = [f"{_BLACK_BOX}:train" if each == _BLACK_BOX else each for each in arguments.sets]
    arguments.output = arguments.episodes or out.with_suffix(".episodes")
    plan = make_plan(arguments)
    if arguments.dry_run:
        from .eval_plan_display import show_plan

        show_plan(plan, _console())
        return 0
    asyncio.run(plan.carry_out(_console()))
    return _write_episodes([arguments.output / _EPISODES], arguments, out)


def _episodes(arguments: argparse.Namespace) -> int:
    out = _checked(arguments.output)
    logs = [log / _EPISODES if log.is_dir() else log for log in arguments.logs]
    for log in logs:
        if not log.is_file():
            raise FileNotFoundError(
                f"{log} is not there; name a log of episodes, or the folder of an evaluation"
            )
    return _write_episodes(logs, arguments, out)


def _write_episodes(logs: list[Path], arguments: argparse.Namespace, out: Path) -> int:
    rules = ChoiceRules(
        keep=Keep(arguments.keep),
        most=arguments.max_per_task,
        threshold=arguments.min_reward,
        no_faults=arguments.no_faults,
    )
    choice = choose(logs, rules)
    _write(conversations_of(choice, arguments.action_format), out, "episodes")
    left = {name: count for name, count in sorted(choice.counts.items()) if name != "chosen" and count}
    told = ", ".join(f"{count} {name}" for name, count in left.items())
    _console().print(f"Left out: {told or 'none'}", soft_wrap=True)
    return 0


def _swift(arguments: argparse.Namespace) -> int:
    out: Path = arguments.output
    if out.suffix != ".jsonl":
        raise UsageError(f"--output is {str(out)!r}; ms-swift reads .jsonl")
    return _write(read_conversations(arguments.files), out, "conversations", write_swift)


def _checked(out: Path) -> Path:
    if out.suffix not in (".parquet", ".jsonl"):
        raise UsageError(f"--output is {str(out)!r}; it must end in .parquet or .jsonl")
    return out


def _write(
    found: Iterable[Conversation | BadRow], out: Path, label: str, write: Any = write_conversations
) -> int:
    from ..terminal.row_progress import RowProgress

    out.parent.mkdir(parents=True, exist_ok=True)
    console, counts = _console(), Counter[str]()
    with RowProgress(console) as progress:
        aside = out.with_suffix(".bad_rows.jsonl")
        written = write(_usable(found, aside, counts, progress, label), out)
    console.print(
        f"Written: {written} conversations to {out}; {counts['left out']} rows left out, "
        f"{counts['bad']} bad rows",
        soft_wrap=True,
    )
    return 0


def _usable(
    found: Iterable[Conversation | BadRow],
    aside: Path,
    counts: Counter[str],
    progress: RowProgress,
    label: str,
) -> Iterator[Conversation]:
    """The conversations; rows that are none go to a file of their own, which is there when there are some."""
    with ExitStack() as stack:
        file = None
        for item in found:
            progress.add(label)
            if isinstance(item, Conversation):
                yield item
                continue
            counts["left out" if item.left_out else "bad"] += 1
            file = file or stack.enter_context(aside.open("w", encoding="utf-8"))
            file.write(json.dumps(asdict(item)) + "\n")


def _console() -> Any:
    from rich.console import Console

    return Console(markup=False, emoji=False)
