"""`replgym data`: lists, shows, checks and prepares task sets."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...envs.task import Task
from ...envs.task_data.preparation import Preparation, PreparationOptions
from ...envs.task_data.prompt_style import PromptStyle
from ...envs.task_data.set_choice import SetChoice
from ...envs.task_data.task_spool import TaskSpool
from ...envs.task_data.validation import TaskCheck, Validation, ValidationSummary, read_checks
from ...envs.task_data.verl_rows import GroundTruth
from ...envs.task_sources.bad_row import BadRow
from ...envs.task_sources.registry import TASK_SOURCES
from ...envs.task_sources.task_source import HubFiles, LocalFiles, PackageRows
from ...tools.formats.action_formats import ACTION_FORMATS
from ..usage_error import UsageError
from ..verl_adapter.names import AGENT_NAME, SINGLE_TURN_AGENT
from . import cli_data_sft, cli_data_synthesize

if TYPE_CHECKING:
    from rich.console import Console

_SETS = "NAME[:SPLIT][=PATH], or a file of tasks"


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "data", help="list, show, check, prepare task sets"
    )
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART", parser_class=type(parser))
    listing = parts.add_parser("list", help="the sets that are known")
    listing.set_defaults(run=_list)
    _add_show(parts.add_parser("show", help="show a task, its tests and its reference"))
    _add_validate(parts.add_parser("validate", help="references must pass, wrong programs must fail"))
    _add_prepare(parts.add_parser("prepare", help="write parquet files for verl"))
    cli_data_sft.fill_parser(parts.add_parser("sft", help="write conversations for supervised training"))
    cli_data_synthesize.fill_parser(parts.add_parser("synthesize", help="make tasks and tests with a model"))


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("set", metavar="SET", help=_SETS)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--index", type=int, default=0, help="its place in the set, from 0 (%(default)s)")
    which.add_argument("--id", help="its id")
    _add_options(parser)
    parser.set_defaults(run=_show)


def _add_validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sets", metavar="SET", nargs="+", help=_SETS)
    parser.add_argument(
        "--output", type=Path, default=Path("validation"), help="folder of results (%(default)s)"
    )
    parser.add_argument("-n", "--tasks", type=_positive, help="the first tasks of each set (default: all)")
    parser.add_argument("--mutants", type=_natural, default=3, help="mutants of a reference (%(default)s)")
    parser.add_argument("--concurrency", type=_positive, default=2, help="tasks at once (%(default)s)")
    parser.add_argument("--restart", action="store_true", help="forget earlier results in the folder")
    _add_options(parser)
    parser.set_defaults(run=_validate)


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sets", metavar="SET", nargs="+", help=f"sets to train on, in this order: {_SETS}")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--test", metavar="SET", nargs="+", default=[], help="sets to test on")
    parser.add_argument(
        "--against",
        metavar="SET",
        nargs="+",
        default=[],
        help="evaluation sets; tasks that share text are dropped",
    )
    parser.add_argument("--prompts", choices=[*PromptStyle], default=PromptStyle.TOOLS, help="(%(default)s)")
    parser.add_argument("--action-format", choices=ACTION_FORMATS, default="hermes", help="(%(default)s)")
    parser.add_argument(
        "--ground-truth",
        choices=[*GroundTruth],
        default=GroundTruth.TESTS,
        help="how tests are written (%(default)s)",
    )
    parser.add_argument("--keep-duplicates", action="store_true", help="do not drop tasks with equal texts")
    parser.add_argument("--near", type=_similarity, help="also drop tasks this similar, such as 0.8")
    parser.add_argument("--max-tests", type=_positive, help="tests of a task at most, the same ones always")
    parser.add_argument("--sample", type=_positive, help="draw so many training tasks (default: all)")
    parser.add_argument("--test-size", type=_natural, default=0, help="tasks drawn for testing (%(default)s)")
    parser.add_argument("--shuffle", action="store_true", help="else the order of files and rows is kept")
    parser.add_argument("--seed", type=int, default=0, help="of all draws (%(default)s)")
    parser.add_argument("--verify", action="store_true", help="keep only tasks whose reference passes here")
    _add_options(parser)
    parser.set_defaults(run=_prepare)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--option", metavar="KEY=JSON", type=_option, action="append", default=[], help="option of the sets"
    )


def _list(arguments: argparse.Namespace) -> int:
    from rich.table import Table

    table = Table(box=None)
    table.add_column("name", no_wrap=True)
    for column in ("splits", "from", "licence"):
        table.add_column(column)
    for source in sorted(TASK_SOURCES.values(), key=lambda each: each.name):
        match source.files:
            case HubFiles(repository):
                place = f"hub: {repository}"
            case PackageRows(package):
                place = f"package: {package}"
            case LocalFiles(advice):
                place = advice
        table.add_row(source.name, ", ".join(source.splits), place, source.licence)
    _console().print(table)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from .data_display import bad_row_panel, task_panel

    console = _console()
    for index, found in enumerate(_choice(arguments.set, arguments).read()):
        if isinstance(found, BadRow):
            if arguments.id is None and index == arguments.index:
                console.print(bad_row_panel(found))
                return 0
        elif found.id == arguments.id if arguments.id is not None else index == arguments.index:
            console.print(task_panel(found))
            return 0
    wanted = f"id {arguments.id!r}" if arguments.id is not None else f"index {arguments.index}"
    raise UsageError(f"{arguments.set} has no task with {wanted}")


def _validate(arguments: argparse.Namespace) -> int:
    console, failures = _console(), 0
    for text in arguments.sets:
        choice = _choice(text, arguments)
        log = arguments.output / f"{_file_name(choice)}.jsonl"
        if arguments.restart:
            log.unlink(missing_ok=True)
        summary, bad_rows = asyncio.run(_checked(choice, log, arguments, console))
        _write_validation(log, summary, bad_rows)
        console.print(f"{choice.label}: {told_validation(summary, len(bad_rows))}", soft_wrap=True)
        failures += summary.failures
    console.print(f"Written: {arguments.output}", soft_wrap=True)
    return 1 if failures else 0


async def _checked(
    choice: SetChoice, log: Path, arguments: argparse.Namespace, console: Console
) -> tuple[ValidationSummary, list[BadRow]]:
    from ...rewards.judge import Judge
    from ..terminal.row_progress import RowProgress

    bad_rows: list[BadRow] = []
    counts = {"bad": 0}
    with RowProgress(console) as progress:

        def on_check(check: TaskCheck) -> None:
            counts["bad"] += check.bad
            progress.add(choice.label, f"{counts['bad']} bad tasks")

        async with Judge(concurrency=arguments.concurrency) as judge:
            summary = await Validation(judge, mutants=arguments.mutants).run(
                _tasks_of(choice, bad_rows, arguments.tasks),
                log,
                concurrency=arguments.concurrency,
                on_check=on_check,
            )
    return summary, bad_rows


def _tasks_of(choice: SetChoice, bad_rows: list[BadRow], most: int | None) -> Iterator[Task]:
    count = 0
    for found in choice.read():
        if isinstance(found, BadRow):
            bad_rows.append(found)
        else:
            yield found
            count += 1
            if count == most:
                return


def _write_validation(log: Path, summary: ValidationSummary, bad_rows: list[BadRow]) -> None:
    """Summary, bad tasks and bad rows beside the log."""
    told = {**asdict(summary), "false_positive_rate": summary.false_positive_rate, "bad_rows": len(bad_rows)}
    log.with_suffix(".summary.json").write_text(json.dumps(told, indent=2) + "\n")
    bad_tasks = (check.model_dump() for check in read_checks(log) if check.bad)
    _write_lines(log.with_suffix(".bad_tasks.jsonl"), bad_tasks)
    _write_lines(log.with_suffix(".bad_rows.jsonl"), map(asdict, bad_rows))


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def told_validation(summary: ValidationSummary, bad_rows: int) -> str:
    """A summary in one line."""
    rate = summary.false_positive_rate
    parts = [
        f"{summary.references_passed} of {summary.references} references pass",
        f"{summary.wrong_accepted} of {summary.wrong} wrong programs pass"
        + (f" (false positives {100 * rate:.2f} %)" if rate is not None else ""),
        f"{summary.survivors} of {summary.mutants} mutants pass",
        f"{len(summary.bad)} bad tasks",
        f"{bad_rows} bad rows",
        f"{summary.failures} failures of the machine",
    ]
    return "; ".join(parts)


def _prepare(arguments: argparse.Namespace) -> int:
    from ..terminal.row_progress import RowProgress
    from .data_display import told_counts

    options = PreparationOptions(
        prompts=PromptStyle(arguments.prompts),
        action_format=arguments.action_format,
        ground_truth=GroundTruth(arguments.ground_truth),
        deduplicate=not arguments.keep_duplicates,
        near=arguments.near,
        max_tests=arguments.max_tests,
        sample=arguments.sample,
        test_size=arguments.test_size,
        shuffle=arguments.shuffle,
        seed=arguments.seed,
    )
    agent = AGENT_NAME if options.prompts is PromptStyle.TOOLS else SINGLE_TURN_AGENT
    train, test, against = (
        [_choice(text, arguments) for text in texts]
        for texts in (arguments.sets, arguments.test, arguments.against)
    )
    console = _console()
    with RowProgress(console) as progress:

        def keep(tasks: TaskSpool) -> list[int]:
            return asyncio.run(_verified(tasks, arguments.output, progress))

        preparation = Preparation(arguments.output, options, agent_name=agent, on_row=progress.add)
        report = preparation.run(train, test, against, keep if arguments.verify else None)
    for line in told_counts(report):
        console.print(line, soft_wrap=True)
    written = report["written"]
    console.print(
        f"Written: {written['train']} training and {written['test']} test tasks to {arguments.output}",
        soft_wrap=True,
    )
    return 0


async def _verified(tasks: TaskSpool, folder: Path, progress: Any) -> list[int]:
    """Numbers of the tasks whose reference passes here; the checks are kept in the folder."""
    from ...rewards.judge import Judge

    async with Judge() as judge:
        log = folder / "verified.jsonl"
        await Validation(judge, references_only=True).run(
            tasks, log, concurrency=2, on_check=lambda _check: progress.add("references", total=len(tasks))
        )
    sound = {check.id for check in read_checks(log) if check.reference}
    return [number for number, task in enumerate(tasks) if task.id in sound]


def _choice(text: str, arguments: argparse.Namespace) -> SetChoice:
    return SetChoice.parse(text, dict(arguments.option))


def _file_name(choice: SetChoice) -> str:
    name = choice.path.name.partition(".")[0] if choice.path else choice.source.name
    return f"{name}-{choice.split or choice.source.default_split}"


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} must look like KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of at least 1")
    return int(text)


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of at least 0")
    return int(text)


def _similarity(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number between 0.5 and 1")
    return value


def _console() -> Console:
    from rich.console import Console

    return Console(markup=False, emoji=False)
