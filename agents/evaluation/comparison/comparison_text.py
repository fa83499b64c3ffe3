"""A comparison as tables of text."""

from __future__ import annotations

from ..results_text import TextTable, interval, percent
from ..statistics import Interval
from .comparison import Comparison, GroupDifference, PairComparison

_MISSING = "–"


def comparison_tables(comparison: Comparison) -> list[TextTable]:
    """Runs, differences, and differences by groups of tasks."""
    return [
        _runs_table(comparison),
        _pairs_table(comparison),
        _evidence_table(comparison),
        *map(_measures_table, comparison.pairs),
        *(_groups_table(pair, way) for pair in comparison.pairs for way in pair.groups),
        _results_table(comparison),
    ]


def comparison_markdown(comparison: Comparison) -> str:
    """All tables, and what the columns mean."""
    return (
        "\n".join([*(table.markdown() for table in comparison_tables(comparison)), *notes(comparison)]) + "\n"
    )


def notes(comparison: Comparison) -> list[str]:
    """How to read the tables, and what to mind."""
    lines = [
        "Differences are second minus first in percentage points, over the tasks that both runs have scored. "
        "Intervals are 95 %, bootstrapped by task. p: permutation test by task, corrected by Holm; of groups "
        "by Benjamini and Hochberg. Detectable: the true difference that so many tasks show with a chance of "
        "80 % at a level of 5 %; needed: the tasks after which a true difference of this size would be."
    ]
    for pair in comparison.pairs:
        lines.append(f"{pair.label}: {'; '.join(pair.changes) or 'the same settings'}.")
        if pair.left_out:
            lines.append(
                f"{pair.label}: {pair.left_out} tasks without a sample that both have scored are left out."
            )
    return [line for each in lines for line in ("", each)][1:]


def points(value: float | None) -> str:
    """A difference of shares, as `+12.5`."""
    return _MISSING if value is None else f"{100 * value:+.1f}".replace("-", "−")


def p_value(value: float | None) -> str:
    """With two digits that matter, and never as zero."""
    if value is None:
        return _MISSING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _span(value: Interval) -> str:
    return f"{points(value.low)} – {points(value.high)}"


def _runs_table(comparison: Comparison) -> TextTable:
    rows = [
        [
            run.name,
            run.policy,
            run.mode,
            f"{run.tasks:,}",
            f"{run.samples:,}",
            percent(run.rate),
            interval(run.interval),
            f"{run.failed:,}",
        ]
        for run in comparison.runs
    ]
    heads = ["run", "policy", "mode", "tasks", "samples", "pass@1", "95 % interval", "failures"]
    return TextTable("Runs, in percent of scored episodes", heads, rows, texts=3)


def _pairs_table(comparison: Comparison) -> TextTable:
    heads = ["second − first", "tasks", "first", "second", "difference", "95 % interval", "p"]
    return TextTable("Differences", heads, [_pair_row(pair) for pair in comparison.pairs])


def _evidence_table(comparison: Comparison) -> TextTable:
    rows = [
        [
            pair.label,
            _MISSING if pair.first_only is None else f"{pair.first_only:,}",
            _MISSING if pair.second_only is None else f"{pair.second_only:,}",
            p_value(pair.mcnemar_p_value),
            _MISSING if pair.detectable is None else percent(pair.detectable),
            _MISSING if pair.tasks_needed is None else f"{pair.tasks_needed:,}",
        ]
        for pair in comparison.pairs
    ]
    heads = ["second − first", "only first", "only second", "McNemar p", "detectable", "tasks needed"]
    return TextTable("What the data can show", heads, rows)


def _pair_row(pair: PairComparison) -> list[str]:
    return [
        pair.label,
        f"{pair.tasks:,}",
        percent(pair.first_rate),
        percent(pair.second_rate),
        points(pair.difference),
        _span(pair.interval),
        p_value(pair.p_adjusted),
    ]


def _measures_table(pair: PairComparison) -> TextTable:
    rows = [
        [
            name,
            f"{each.first:,.1f}",
            f"{each.second:,.1f}",
            f"{each.difference:+,.1f}".replace("-", "−"),
            f"{each.interval.low:+,.1f} – {each.interval.high:+,.1f}".replace("-", "−"),
        ]
        for name, each in pair.measures.items()
    ]
    heads = ["mean per episode", pair.first, pair.second, "difference", "95 % interval"]
    return TextTable(f"{pair.label}: what it takes", heads, rows)


def _groups_table(pair: PairComparison, way: str) -> TextTable:
    rows = [[name, *_group_cells(group)] for name, group in pair.groups[way].items()]
    heads = [way, "tasks", pair.first, pair.second, "difference", "95 % interval", "p"]
    return TextTable(f"{pair.label}, by {way}", heads, rows)


def _group_cells(group: GroupDifference) -> list[str]:
    return [
        f"{group.tasks:,}",
        percent(group.first),
        percent(group.second),
        points(group.difference),
        _span(group.interval),
        p_value(group.p_adjusted),
    ]


def _results_table(comparison: Comparison) -> TextTable:
    kinds = dict.fromkeys(kind for run in comparison.runs for kind in run.results)
    rows = [[kind, *(percent(run.results.get(kind, 0.0)) for run in comparison.runs)] for kind in kinds]
    heads = ["result", *(run.name for run in comparison.runs)]
    return TextTable("How episodes ended, in percent", heads, rows)
