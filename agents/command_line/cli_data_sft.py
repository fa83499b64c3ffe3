"""`replgym data sft`: conversations of a data set as a file for supervised training."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ...envs.task_sources.bad_row import BadRow
from ...envs.task_sources.conversation import Conversation, write_conversations
from ...envs.task_sources.xcoder_sft import XCODER_SFT, XCoderSubset, xcoder_conversations
from .usage_error import UsageError

if TYPE_CHECKING:
    from .data_display import RowProgress


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.add_argument("--out", type=Path, required=True, help="the .parquet or .jsonl file to write")
    parser.add_argument("--path", type=Path, help=f"local file or folder (default: hub, {XCODER_SFT.title})")
    parser.add_argument(
        "--subset", choices=[*XCoderSubset], default=XCoderSubset.HYBRID, help="(%(default)s)"
    )
    parser.add_argument("--system", help="a system message to put first")
    parser.add_argument("--no-reasoning", action="store_true", help="drop what stands before </think>")
    parser.add_argument(
        "--one-program", action="store_true", help="leave out answers without exactly one program that parses"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from .data_display import RowProgress

    out: Path = arguments.out
    if out.suffix not in (".parquet", ".jsonl"):
        raise UsageError(f"--out is {str(out)!r}; it must end in .parquet or .jsonl")
    out.parent.mkdir(parents=True, exist_ok=True)
    found = xcoder_conversations(
        arguments.path,
        subset=arguments.subset,
        system=arguments.system,
        reasoning=not arguments.no_reasoning,
        one_program=arguments.one_program,
    )
    console, counts = Console(markup=False, emoji=False), Counter[str]()
    with RowProgress(console) as progress:
        aside = out.with_suffix(".bad_rows.jsonl")
        written = write_conversations(_usable(found, aside, counts, progress), out)
    console.print(
        f"Written: {written} conversations to {out}; {counts['left out']} rows left out, "
        f"{counts['bad']} bad rows",
        soft_wrap=True,
    )
    return 0


def _usable(
    found: Iterable[Conversation | BadRow], aside: Path, counts: Counter[str], progress: RowProgress
) -> Iterator[Conversation]:
    """The conversations; rows that are none go to a file of their own, which is there when there are some."""
    with ExitStack() as stack:
        file = None
        for item in found:
            progress.add(XCODER_SFT.name)
            if isinstance(item, Conversation):
                yield item
                continue
            counts["left out" if item.left_out else "bad"] += 1
            file = file or stack.enter_context(aside.open("w", encoding="utf-8"))
            file.write(json.dumps(asdict(item)) + "\n")
