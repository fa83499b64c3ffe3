"""The quality of submissions by arm and level, as HTML."""

from __future__ import annotations

from html import escape

from ...rewards.quality import Quality, QualityBand
from ..evaluation.evaluation_summary import EvaluationSummary
from . import format as shown
from .run_data import RunData
from .sections import arm_name, arm_styles


def quality_table(run: RunData) -> str:
    """One row for each arm and level: the share of tests passed, and how many episodes are in each band."""
    rows = []
    styles = arm_styles(run)
    for arm, episodes in run.arms.items():
        for level, quality in EvaluationSummary.of(episodes).difficulties.items():
            swatch = f'<i class="swatch c-{styles[arm]}"></i>'
            name = (
                f'<th scope="row">{swatch}{escape(arm_name(arm))}</th><td class="text">{escape(level)}</td>'
            )
            rows.append(f"<tr>{name}{''.join(f'<td>{value}</td>' for value in _values(quality))}</tr>")
    if not rows:
        return '<p class="missing">No held-out episodes yet.</p>'
    heads = ("episodes", "solved", "tests passed", *QualityBand)
    head = '<th scope="col">arm</th><th scope="col" class="text">level</th>'
    head += "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    table = f'<table class="numbers"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _values(quality: Quality) -> tuple[str, ...]:
    return (
        f"{quality.count:,}",
        f"{quality.solved:,}",
        f"<b>{shown.percent(quality.mean_fraction)}</b>",
        *(f"{count:,}" for count in quality.bands.values()),
    )
