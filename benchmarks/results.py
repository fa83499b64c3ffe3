"""Samples become medians, spreads and ratios; and those a JSON file, a table and a picture."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Samples = dict[str, dict[str, list[float]]]
"""Contender -> metric -> samples."""
Summary = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Contender -> metric -> median, quartiles, count, ratio."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How a metric is written."""

    scale: float
    suffix: str
    more_is_better: bool = False


UNITS: Mapping[str, Unit] = {
    "start to ready": Unit(1e3, "ms"),
    "start to first result": Unit(1e3, "ms"),
    "round trip": Unit(1e3, "ms"),
    "reset to first result": Unit(1e3, "ms"),
    "starts per second": Unit(1, "/s", more_is_better=True),
    "episodes per second": Unit(1, "/s", more_is_better=True),
    "tokens per second": Unit(1, "/s", more_is_better=True),
    "cpu per episode": Unit(1e3, "ms"),
    "memory per session": Unit(2**-20, "MiB"),
    "fork of a live session with 0 MB": Unit(1e3, "ms"),
    "fork of a live session with 100 MB": Unit(1e3, "ms"),
    "death noticed": Unit(1e3, "ms"),
    "engine idle": Unit(100, "%"),
    "engine idle, whole run": Unit(100, "%"),
    "episode seconds, p50": Unit(1, "s"),
    "episode seconds, p99": Unit(1, "s"),
    "environment share": Unit(100, "%"),
    "environment share, queueing left out": Unit(100, "%"),
    "host CPU": Unit(100, "%"),
    "host cpu per episode": Unit(1e3, "ms"),
    "machine CPU": Unit(100, "%"),
    "loop lag, p99": Unit(1e3, "ms"),
    "loop lag, worst": Unit(1e3, "ms"),
    "peak memory": Unit(2**-30, "GiB"),
    "peak page tables": Unit(2**-30, "GiB"),
    "most interpreters": Unit(1, ""),
    "seconds a step": Unit(1, "s"),
    "generation": Unit(1, "s"),
    "update": Unit(1, "s"),
    "the rest": Unit(1, "s"),
    "share of the rest": Unit(100, "%"),
    "reward": Unit(1, "", more_is_better=True),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on a ratio to the yardstick."""

    contender: str
    metric: str
    bound: float
    peer: str

    def judged(self, summary: Summary) -> dict[str, object] | None:
        """The ratio and whether it is met; None when a side was not measured, or the peer is at zero."""
        try:
            mine = summary[self.contender][self.metric]["median"]
            peer = summary[self.peer][self.metric]["median"]
        except KeyError:
            return None
        if peer == 0:
            return None
        ratio = mine / peer
        met = ratio >= self.bound if UNITS[self.metric].more_is_better else ratio <= self.bound
        what = f"{self.contender}: {self.metric}"
        return {"what": what, "against": self.peer, "ratio": ratio, "target": self.bound, "met": met}


def summarise(samples: Samples, yardstick: str) -> dict[str, dict[str, dict[str, float]]]:
    """Median, quartiles, count and, where the yardstick's is not zero, the ratio of medians to it."""
    summary: dict[str, dict[str, dict[str, float]]] = {}
    for contender, metrics in samples.items():
        for metric, values in metrics.items():
            low, middle, high = quartiles(values)
            entry = {"median": middle, "q1": low, "q3": high, "n": float(len(values))}
            peers = samples.get(yardstick, {}).get(metric)
            if peers and (theirs := statistics.median(peers)):
                entry["ratio"] = middle / theirs
            summary.setdefault(contender, {})[metric] = entry
    return summary


def table(summary: Summary) -> str:
    """A Markdown table: a row for each metric, a column for each contender."""
    names = list(summary)
    metrics = [metric for metric in UNITS if any(metric in summary[name] for name in names)]
    lines = [f"| median (quartiles) [ratio] | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for metric in metrics:
        cells = [_cell(metric, summary[name].get(metric)) for name in names]
        lines.append(f"| {metric} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(folder: Path, name: str, record: Mapping[str, object], text: str) -> None:
    """Writes the record and the text beside each other."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    (folder / f"{name}.md").write_text(text)


def draw(path: Path, summary: Summary, peers: Sequence[str], metrics: Sequence[str]) -> None:
    """Draws how many times better each contender is than the first peer: a panel for each metric."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    names = list(summary)
    figure, panels = plt.subplots(
        1, len(metrics), sharey=True, figsize=(2.6 * len(metrics) + 1.5, 0.36 * len(names) + 1.1)
    )
    for panel, metric in zip(panels, metrics, strict=True):
        for row, name in enumerate(names):
            entry = summary[name].get(metric)
            if entry is None or "ratio" not in entry:
                continue
            factor = entry["ratio"] if UNITS[metric].more_is_better else 1 / entry["ratio"]
            panel.barh(row, factor, 0.7, color="0.75" if name in peers else "tab:blue")
            value = f"{number(entry['median'] * UNITS[metric].scale)} {UNITS[metric].suffix}"
            panel.text(factor, row, f" {value}", va="center", fontsize=8)
        panel.set_title(metric, fontsize=10, loc="left")
        panel.margins(x=0.45)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    panels[0].set_yticks(range(len(names)), names, fontsize=9)
    panels[0].invert_yaxis()
    figure.supxlabel(f"times better than {peers[0]} (bars); medians (numbers)", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """First quartile, median and third quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, statistics.median(values), high


def _cell(metric: str, entry: Mapping[str, float] | None) -> str:
    if entry is None:
        return "–"
    unit = UNITS[metric]
    median, low, high = (entry[key] * unit.scale for key in ("median", "q1", "q3"))
    ratio = f" [{entry['ratio']:.3g}×]" if "ratio" in entry else ""
    return f"{number(median)} {unit.suffix} ({number(low)}–{number(high)}){ratio}"


def number(value: float) -> str:
    """Three digits that count, without an exponent."""
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
