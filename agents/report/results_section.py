"""How much was solved, and how sure that is: by evaluation, task set and level.

Every text that comes from a run passes `escape`; missing pieces are said to be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from html import escape

from ...rewards.quality import difficulty_rank
from ..evaluation.evaluation_summary import EvaluationSummary, success_interval
from ..records.episode_traits import set_of
from ..rollouts.episode import Episode
from ..rollouts.episode_level import level_of
from . import format as shown
from .charts.interval_chart import RateRow, interval_chart
from .markup import nothing, swatch, table
from .report_data import Arm, ReportData, arm_name

_HEADS = (
    *("solved", "95 % interval", "episodes", "tasks", "turns", "tool calls", "reward"),
    *("time an episode", "failures"),
)


def arms_table(data: ReportData) -> str:
    """One row per evaluation; those of a training have a row even when missing."""
    rows = [
        [swatch(arm.style) + escape(arm.label), *_numbers(EvaluationSummary.of(arm.episodes), arm.episodes)]
        for arm in data.arms
    ]
    for number, run in enumerate(data.runs):
        missing = [arm for arm in ("before", "after") if run.is_training and arm not in run.arms]
        for arm in missing:
            label = arm_name(arm) if len(data.runs) == 1 else f"{data.names[number]} · {arm}"
            rows.append([escape(label), '<span class="missing">missing so far</span>'] + [""] * 8)
    return table(("evaluation", *_HEADS), rows) if rows else nothing("No evaluation yet.")


def protocols_lines(data: ReportData) -> str:
    """For each evaluation, in which protocols its messages were written, and how exact its ids are."""
    summaries = [(arm.label, EvaluationSummary.of(arm.episodes)) for arm in data.arms]
    return "<br>".join(
        escape("; ".join(filter(None, (f"{label}: {each.protocols_line}", each.ids_line))))
        for label, each in summaries
    )


def arms_chart(data: ReportData) -> str:
    """Success of every evaluation with its interval; empty when there is only one, which the table tells."""
    rows = [rate_row(arm, arm.episodes) for arm in data.arms]
    if not rows:
        return nothing("No evaluation yet.")
    if len(rows) == 1:
        return ""
    return interval_chart([("", rows)], label="Success by evaluation", x_label="episodes solved")


def sets_chart(data: ReportData) -> str:
    """Success by task set; empty when there is only one."""
    sets = sorted({set_of(e) for arm in data.arms for e in arm.episodes})
    return "" if len(sets) < 2 else _grouped(data.arms, sets, set_of, "Success by task set")


def levels_chart(data: ReportData) -> str:
    """Success by level, each evaluation a row."""
    found = {level_of(e) for arm in data.arms for e in arm.episodes}
    levels = sorted(found, key=difficulty_rank)
    return (
        _grouped(data.arms, levels, level_of, "Success by level") if levels else nothing("No evaluation yet.")
    )


def rate_row(arm: Arm, episodes: Sequence[Episode]) -> RateRow:
    """The success of some episodes of an evaluation."""
    scored = [e for e in episodes if e.failure is None]
    if not scored:
        return RateRow(arm.label, arm.style, None, None)
    solved = sum(e.solved for e in scored)
    interval = success_interval(scored)
    told = f"{solved:,} of {len(scored):,} episodes solved, 95 % interval {shown.interval(interval)}"
    return RateRow(arm.label, arm.style, solved / len(scored), interval, f"{arm.label}: {told}")


def _grouped(arms: Iterable[Arm], names: Sequence[str], group: Callable[[Episode], str], label: str) -> str:
    every = list(arms)
    groups: list[tuple[str, list[RateRow]]] = []
    for name in names:
        told = f"level {name}" if name[:1].isdigit() else name
        rows = []
        for arm in every:
            own = [e for e in arm.episodes if group(e) == name]
            rows += [rate_row(arm, own)] if own else []
        groups.append((told, rows))
    if len(every) == 1:
        groups = [("", [replace(row, name=told) for told, rows in groups for row in rows])]
    return interval_chart(groups, label=label, x_label="episodes solved")


def _numbers(summary: EvaluationSummary, episodes: Sequence[Episode]) -> list[str]:
    seconds = sum(e.seconds for e in episodes if e.failure is None)
    kinds = ", ".join(f"{count} {kind}" for kind, count in summary.failures.items())
    return [
        f"<b>{shown.percent(summary.pass_at_1)}</b>",
        shown.interval(summary.interval),
        f"{summary.scored:,}",
        f"{len(summary.tasks):,}",
        shown.number(summary.mean_turns),
        shown.number(summary.mean_tool_calls),
        shown.number(summary.mean_reward),
        shown.duration(seconds / summary.scored) if summary.scored else shown.MISSING,
        f'<span class="warn">{escape(kinds)}</span>' if kinds else "0",
    ]
