"""The quality of submissions by evaluation and level, as HTML."""

from __future__ import annotations

from html import escape

from ...rewards.quality import Quality, QualityBand
from ..evaluation.evaluation_summary import EvaluationSummary
from . import format as shown
from .markup import nothing, swatch, table
from .report_data import ReportData


def quality_table(data: ReportData) -> str:
    """One row for each evaluation and level: share of tests passed, and episodes by band."""
    rows = [
        [swatch(arm.style) + escape(arm.label), escape(level), *_values(quality)]
        for arm in data.arms
        for level, quality in EvaluationSummary.of(arm.episodes).difficulties.items()
    ]
    if not rows:
        return nothing("No evaluation yet.")
    return table(("evaluation", "level", "episodes", "solved", "tests passed", *QualityBand), rows, texts=2)


def _values(quality: Quality) -> tuple[str, ...]:
    return (
        f"{quality.count:,}",
        f"{quality.solved:,}",
        f"<b>{shown.percent(quality.mean_fraction)}</b>",
        *(f"{count:,}" for count in quality.bands.values()),
    )
