"""What the episodes did: how they ended, and how many turns, tokens and seconds they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape

from ..records.episode_traits import ending_of, written_tokens
from ..rollouts.episode import Episode
from . import format as shown
from .charts.histogram_chart import HistogramRow, histogram_chart
from .markup import nothing, swatch, table
from .report_data import Arm, ReportData

_SOLVED = "solved"
_COLOURS = 7


def endings_table(data: ReportData) -> str:
    """How the episodes ended: a row for each group, with a bar of its shares and a column for each ending."""
    counts = [(group, Counter(map(ending_of, group.episodes))) for group in data.groups]
    endings = sorted({ending for _, count in counts for ending in count}, key=_rank)
    if not endings:
        return nothing("No episodes yet.")
    styles = _styles(endings)
    rows = [
        [
            swatch(group.style) + escape(group.label),
            _bar(count, styles),
            *(_share(count[ending], count.total()) for ending in endings),
        ]
        for group, count in counts
    ]
    heads = [swatch(styles[ending]) + escape(ending) for ending in endings]
    return table(("", "", *heads), rows, texts=2)


def turns_histogram(data: ReportData) -> str:
    """Turns of an episode."""
    return _histogram(data, lambda e: len(e.turns), "turns of an episode", whole=True)


def tokens_histogram(data: ReportData) -> str:
    """Tokens of an episode; empty where no policy counts them."""
    rows = _rows(data.groups, lambda e: written_tokens(e) or None)
    if not any(row.values for row in rows):
        return ""
    return _drawn(rows, "tokens written in an episode")


def seconds_histogram(data: ReportData) -> str:
    """Wall clock of an episode."""
    return _histogram(data, lambda e: e.seconds or None, "seconds of an episode")


def latency_table(data: ReportData) -> str:
    """What a turn waits for: seconds of policy and environment, their middle and their tail."""
    rows = []
    for group in data.groups:
        turns = [turn for e in group.episodes if e.failure is None for turn in e.turns]
        if turns:
            policy = sorted(turn.policy_seconds for turn in turns)
            environment = sorted(turn.environment_seconds for turn in turns)
            rows.append(
                [
                    swatch(group.style) + escape(group.label),
                    f"{len(turns):,}",
                    *(_seconds(policy, share) for share in (0.5, 0.9, 0.99)),
                    *(_seconds(environment, share) for share in (0.5, 0.9, 0.99)),
                ]
            )
    heads = (
        "",
        "turns",
        *(f"{who} {part}" for who in ("policy", "environment") for part in ("p50", "p90", "p99")),
    )
    return table(heads, rows) if rows else nothing("No turns yet.")


def _histogram(
    data: ReportData, value: Callable[[Episode], float | None], x_label: str, *, whole: bool = False
) -> str:
    rows = _rows(data.groups, value)
    if not any(row.values for row in rows):
        return nothing("No episodes yet.")
    return _drawn(rows, x_label, whole=whole)


def _rows(groups: Sequence[Arm], value: Callable[[Episode], float | None]) -> list[HistogramRow]:
    rows = []
    for group in groups:
        values = (value(episode) for episode in group.episodes if episode.failure is None)
        rows.append(HistogramRow(group.label, group.style, [each for each in values if each is not None]))
    return rows


def _drawn(rows: Sequence[HistogramRow], x_label: str, *, whole: bool = False) -> str:
    label = x_label[:1].upper() + x_label[1:]
    return histogram_chart(rows, label=label, x_label=x_label, shown=shown.number, whole=whole)


def _styles(endings: Sequence[str]) -> dict[str, str]:
    """A colour class for each: always the same one for `solved`."""
    others = [ending for ending in endings if ending != _SOLVED]
    return {_SOLVED: "solved"} | {ending: f"ending-{n % _COLOURS}" for n, ending in enumerate(others)}


def _bar(counts: Counter[str], styles: Mapping[str, str]) -> str:
    """Shares side by side, in the order of the columns."""
    total = counts.total()
    parts = "".join(
        f'<i class="c-{style}" style="width:{counts[ending] / total:.2%}" '
        f'title="{escape(ending)}: {counts[ending]:,} of {total:,}"></i>'
        for ending, style in styles.items()
        if counts[ending]
    )
    return f'<span class="shares">{parts}</span>'


def _share(count: int, total: int) -> str:
    if not count:
        return '<span class="none">–</span>'
    return f'<span title="{count:,} of {total:,}">{shown.percent(count / total)}</span>'


def _rank(ending: str) -> tuple[int, str]:
    start = ending.split(":")[0]
    return ({"solved": 0, "no answer": 2, "failure": 3}.get(start, 1), ending)


def _seconds(ordered: Sequence[float], share: float) -> str:
    value = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    return f"{shown.number(value * 1000)} ms" if value < 1 else shown.duration(value)
