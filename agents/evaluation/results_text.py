"""Results as tables in Markdown and in LaTeX (booktabs), ready to be pasted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .breakdown import Breakdown
from .evaluation_summary import EvaluationSummary
from .run_record import RunRecord
from .statistics import Interval

_MISSING = "–"


@dataclass(frozen=True, slots=True)
class TextTable:
    """Cells as plain text; columns of text are left-aligned, those of numbers right."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1
    """How many columns from the left hold text."""

    def markdown(self) -> str:
        """A pipe table below its title."""
        lines = [
            f"**{self.title}**",
            "",
            f"| {' | '.join(self.heads)} |",
            f"|{'|'.join(['---'] * self.texts + ['---:'] * (len(self.heads) - self.texts))}|",
            *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in self.rows),
        ]
        return "\n".join(lines) + "\n"

    def latex(self) -> str:
        """A table with caption, for the package booktabs."""
        lines = [
            r"\begin{table}[ht]",
            r"\centering",
            rf"\begin{{tabular}}{{{'l' * self.texts}{'r' * (len(self.heads) - self.texts)}}}",
            r"\toprule",
            " & ".join(map(_escaped, self.heads)) + r" \\",
            r"\midrule",
            *(" & ".join(map(_escaped, row)) + r" \\" for row in self.rows),
            r"\bottomrule",
            r"\end{tabular}",
            rf"\caption{{{_escaped(self.title)}}}",
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"


def result_tables(
    record: RunRecord,
    sets: Mapping[str, EvaluationSummary],
    whole: EvaluationSummary,
    breakdowns: Mapping[str, Breakdown],
    *,
    priced: bool,
) -> list[TextTable]:
    """One table of the sets, and one for each way to break them down."""
    rows = dict(sets) if len(sets) == 1 else {**sets, "all": whole}
    most = sorted({k for summary in rows.values() for k in summary.pass_at_k if k > 1})
    heads = ["set", "tasks", "pass@1", "95 % interval", *(f"pass@{k}" for k in most)]
    heads += ["turns", "tokens", "failures"]
    table = TextTable(
        f"{record.policy}: share of tasks solved, {record.samples} samples a task"
        if record.samples > 1
        else f"{record.policy}: share of tasks solved",
        heads,
        [_set_row(label, summary, most) for label, summary in rows.items()],
    )
    return [table, *(_breakdown_table(way, groups, priced) for way, groups in breakdowns.items())]


def markdown_tables(tables: Sequence[TextTable]) -> str:
    """All tables of a result."""
    how = "Intervals are by task, bootstrapped or Wilson's; failures of the machine count in no rate."
    return "\n".join([*(table.markdown() for table in tables), how]) + "\n"


def latex_tables(tables: Sequence[TextTable]) -> str:
    """The same for LaTeX."""
    return "% \\usepackage{booktabs}\n" + "\n".join(table.latex() for table in tables)


def percent(value: float | None) -> str:
    """`0.934` as `93.4`; the heads say that it is a share."""
    return _MISSING if value is None else f"{100 * value:.1f}"


def interval(value: Interval | None) -> str:
    """Both ends in percent."""
    return _MISSING if value is None else f"{percent(value.low)} – {percent(value.high)}"


def _set_row(label: str, summary: EvaluationSummary, most: Sequence[int]) -> list[str]:
    tokens = None
    if summary.mean_prompt_tokens is not None and summary.mean_completion_tokens is not None:
        tokens = summary.mean_prompt_tokens + summary.mean_completion_tokens
    return [
        label,
        f"{len(summary.tasks):,}",
        percent(summary.pass_at_1),
        interval(summary.interval),
        *(percent(summary.pass_at_k.get(k)) for k in most),
        _MISSING if summary.mean_turns is None else f"{summary.mean_turns:.2f}",
        _MISSING if tokens is None else f"{tokens:,.0f}",
        f"{summary.failed:,}",
    ]


def _breakdown_table(way: str, groups: Breakdown, priced: bool) -> TextTable:
    heads = [way, "episodes", "solved", "95 % interval", "turns", "tokens", *(["cost"] if priced else [])]
    rows = [
        [
            name,
            f"{group.episodes:,}",
            percent(group.rate),
            interval(group.interval),
            f"{group.mean_turns:.2f}",
            f"{group.mean_tokens:,.0f}",
            *([f"{group.mean_cost:.3g}"] if group.mean_cost is not None else []),
        ]
        for name, group in groups.items()
    ]
    return TextTable(f"By {way}, in percent of episodes", heads, rows)


def _escaped(text: str) -> str:
    """Text with LaTeX's special characters written out."""
    marks = {
        "\\": r"\textbackslash{}",
        "–": "--",
        "−": "$-$",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "·": r"$\cdot$",
        **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    }
    return "".join(marks.get(letter, letter) for letter in text)
