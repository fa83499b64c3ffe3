"""Results as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...rewards.quality import QualityBand
from ..evaluation.evaluation_summary import EvaluationSummary
from ..records.run_data import read_run
from . import format as shown
from .report_data import ReportData

if TYPE_CHECKING:
    from rich.table import Table


def summary_table(summaries: Mapping[str, EvaluationSummary | None]) -> Table:
    """One row per evaluation; None is shown as missing."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", overflow="fold", min_width=12)
    for head in ("solved", "pass@1", "95 % interval", "turns", "calls", "failures"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, summary in summaries.items():
        if summary is None:
            table.add_row(escape(name), "missing")
            continue
        kinds = ", ".join(f"{count} {kind}" for kind, count in summary.failures.items())
        table.add_row(
            escape(name),
            f"{summary.solved}/{summary.scored}",
            shown.percent(summary.pass_at_1),
            shown.interval(summary.interval),
            shown.number(summary.mean_turns),
            shown.number(summary.mean_tool_calls),
            kinds or "0",
        )
    return table


def quality_table(summary: EvaluationSummary) -> Table:
    """One row per difficulty, and one for all: tests passed, and how many episodes are in each band."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", overflow="fold", min_width=12)
    for head in ("solved", "tests passed", *QualityBand):
        table.add_column(head.replace(" ", "\n"), justify="right", no_wrap=True)
    for name, quality in ({**summary.difficulties, "all": summary.quality}).items():
        table.add_row(
            escape(name),
            f"{quality.solved}/{quality.count}",
            shown.percent(quality.mean_fraction),
            *(str(count) for count in quality.bands.values()),
        )
    return table


def comparison_table(*runs: Path) -> Table:
    """The evaluations of runs, before and after training first.

    Raises:
        FileNotFoundError: If a run does not exist, or holds no part of one.
    """
    data = ReportData.of([read_run(run) for run in runs])
    rows: dict[str, EvaluationSummary | None] = {
        arm.label: EvaluationSummary.of(arm.episodes) for arm in data.arms
    }
    if len(data.runs) == 1 and data.runs[0].is_training:
        rows |= {arm: None for arm in ("before", "after") if arm not in data.runs[0].arms}
    return summary_table(rows)
