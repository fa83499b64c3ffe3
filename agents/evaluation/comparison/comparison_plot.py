"""A comparison as a picture: the runs' rates on the left, what differs between them on the right."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...usage_error import UsageError
from .comparison import Comparison, PairComparison
from .comparison_text import comparison_tables, notes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito: told apart by those who see few colours."""
_FORMS = (".html", ".pdf", ".png", ".svg")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:0 0 1.5rem}th,td{padding:.25rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}svg{width:100%;height:auto}"
    ".wide{overflow-x:auto}h2{font-size:1.05rem}"
)


def check_plot_path(path: Path) -> None:
    """Sees to it that a picture of this form can be drawn.

    Raises:
        UsageError: If the form is not known, or matplotlib is not installed.
    """
    if path.suffix not in _FORMS:
        raise UsageError(f"--plot {str(path)!r} has no known form; use one of: {', '.join(_FORMS)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UsageError("--plot needs matplotlib; run: pip install 'replgym[plots]'") from error


def write_plot(comparison: Comparison, path: Path) -> None:
    """Draws into a file; `.html` holds the picture and the tables, and needs no network.

    Raises:
        UsageError: If the form is not known, or matplotlib is not installed.
    """
    check_plot_path(path)
    if path.suffix == ".html":
        path.write_text(_page(comparison), encoding="utf-8")
        return
    draw_comparison(comparison).savefig(path, dpi=160, metadata=_no_date(path.suffix))


def draw_comparison(comparison: Comparison) -> Figure:
    """The figure, for those who want to draw on."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = sum(map(_row_count, comparison.pairs))
    figure = Figure(figsize=(11, 1.6 + 0.34 * max(rows, 2 * len(comparison.runs))), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    _draw_rates(left, comparison)
    _draw_differences(right, comparison)
    return figure


def _draw_rates(axes: Any, comparison: Comparison) -> None:
    for number, run in enumerate(comparison.runs):
        if run.rate is None or run.interval is None:
            continue
        colour, rate = _COLOURS[number % len(_COLOURS)], 100 * run.rate
        axes.barh(number, rate, height=0.55, color=colour, alpha=0.3)
        _whisker(axes, number, rate, 100 * run.interval.low, 100 * run.interval.high, colour)
        axes.annotate(f"{rate:.1f}", (101, number), va="center", annotation_clip=False)
    axes.set(xlim=(0, 100), ylim=(len(comparison.runs) - 0.4, -0.6), xlabel="tasks solved, % (95 % interval)")
    axes.set_yticks(range(len(comparison.runs)), [run.name for run in comparison.runs])
    axes.spines[["top", "right"]].set_visible(False)


def _draw_differences(axes: Any, comparison: Comparison) -> None:
    """A forest plot: all tasks first, then each group of them."""
    names: list[str] = []
    order = {run.name: number for number, run in enumerate(comparison.runs)}
    for pair in comparison.pairs:
        colour = _COLOURS[order[pair.second] % len(_COLOURS)]
        rows: list[tuple[str, Any]] = [(pair.label, pair)]
        for way in ("set", "difficulty"):
            rows += [(f"{name} ({each.tasks})", each) for name, each in pair.groups.get(way, {}).items()]
        for label, each in rows:
            place, whole = len(names), each is pair
            ends = (100 * each.interval.low, 100 * each.interval.high)
            _whisker(axes, place, 100 * each.difference, *ends, colour, size=8 if whole else 5)
            names.append(label)
    axes.axvline(0, color="#888", linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(len(names) - 0.4, -0.6), xlabel="difference, percentage points (95 % interval)")
    axes.spines[["top", "right"]].set_visible(False)


def _whisker(
    axes: Any, place: float, value: float, low: float, high: float, colour: str, size: int = 7
) -> None:
    axes.plot([low, high], [place, place], color=colour, linewidth=2, solid_capstyle="round")
    axes.plot([value], [place], "o", color=colour, markersize=size)


def _row_count(pair: PairComparison) -> int:
    return 1 + sum(len(pair.groups.get(way, {})) for way in ("set", "difficulty"))


def _no_date(suffix: str) -> dict[str, Any]:
    """The same comparison gives the same bytes."""
    return {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})


def _page(comparison: Comparison) -> str:
    drawn = io.StringIO()
    draw_comparison(comparison).savefig(drawn, format="svg", metadata=_no_date(".svg"))
    svg = drawn.getvalue()
    parts = []
    for table in comparison_tables(comparison):
        head = "".join(f"<th>{escape(cell)}</th>" for cell in table.heads)
        rows = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in table.rows)
        parts.append(
            f'<h2>{escape(table.title)}</h2><div class="wide"><table><tr>{head}</tr>{rows}</table></div>'
        )
    told = "".join(f"<p>{escape(line)}</p>" for line in notes(comparison) if line)
    title = escape(" · ".join(run.name for run in comparison.runs))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{svg[svg.index('<svg') :]}{''.join(parts)}{told}</html>\n"
    )
