"""`replgym compare`: says by how much runs over the same tasks differ, and how sure that is."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..evaluation.comparison import Comparison, compare
from ..evaluation.comparison.comparison_plot import check_plot_path, write_plot
from ..evaluation.comparison.comparison_text import comparison_markdown, comparison_tables, notes
from ..evaluation.evaluated_run import EvaluatedRun
from .exit_code import ExitCode

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..evaluation.results_text import TextTable

_NAME_WIDTH = 9


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "compare", help="compare runs over the same tasks"
    )
    parser.add_argument(
        "runs",
        metavar="[NAME=]DIR",
        nargs="+",
        help="folders that replgym eval wrote; the first is the baseline",
    )
    parser.add_argument("--all-pairs", action="store_true", help="compare every run with every other")
    parser.add_argument(
        "--force", action="store_true", help="compare shared tasks though other tasks or settings differ"
    )
    parser.add_argument("--output", type=Path, help="folder for comparison.md and comparison.json")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw into FILE.svg, .png, .pdf, or .html with the tables"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the resampling (%(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from rich.console import Console

    if arguments.plot is not None:
        check_plot_path(arguments.plot)
    runs = [_named(text) for text in arguments.runs]
    found = compare(runs, force=arguments.force, all_pairs=arguments.all_pairs, seed=arguments.seed)
    console = Console()
    show_comparison(found, console)
    written = write_comparison(found, arguments.output, arguments.plot)
    if written:
        console.print(f"Written: {', '.join(map(str, written))}", soft_wrap=True, highlight=False)
    return ExitCode.DONE


def show_comparison(found: Comparison, console: Console) -> None:
    """Prints tables and notes."""
    for table in comparison_tables(found):
        console.print(_drawn(table))
    for line in notes(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _named(text: str) -> EvaluatedRun:
    """`stateful=runs/a`, or a folder, which names itself."""
    name, equals, folder = text.partition("=")
    if not equals or Path(text).is_dir():
        return EvaluatedRun.read(Path(text))
    return replace(EvaluatedRun.read(Path(folder)), label=name)


def write_comparison(found: Comparison, output: Path | None, plot: Path | None) -> list[Path]:
    """Writes the text, the figures and the picture; returns what was written."""
    written = []
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        texts = {
            "comparison.md": comparison_markdown(found),
            "comparison.json": found.model_dump_json(indent=2) + "\n",
        }
        for name, text in texts.items():
            (output / name).write_text(text, encoding="utf-8")
            written.append(output / name)
    if plot is not None:
        plot.parent.mkdir(parents=True, exist_ok=True)
        write_plot(found, plot)
        written.append(plot)
    return written


def _drawn(table: TextTable) -> Table:
    """The table for a terminal; where it is narrow, names are folded and numbers stay whole."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(
        box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=escape(table.title), title_justify="left"
    )
    for number, head in enumerate(table.heads):
        widest = max((len(row[number]) for row in table.rows), default=0)
        if number < table.texts:
            drawn.add_column(escape(head), overflow="fold", min_width=min(widest, _NAME_WIDTH))
        else:
            told = "\n".join(head.rsplit(" ", 1))
            drawn.add_column(escape(told), justify="right", overflow="fold", min_width=widest)
    for row in table.rows:
        drawn.add_row(*map(escape, row))
    return drawn
