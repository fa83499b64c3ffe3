"""From episodes and trainer numbers to the lines of a chart.

The smoothed success pools the episodes of neighbouring steps and bootstraps the pool by task, so that the
band says how sure the line is, not how far single steps scatter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from ..evaluation.evaluation_summary import success_interval
from ..rollouts.episode import Episode
from .charts.line_chart import Series

_BAND_DRAWS = 400

Steps = Mapping[int, Sequence[Episode]]


def by_step(episodes: Sequence[Episode]) -> Steps:
    """Scored episodes by training step, in order."""
    steps: defaultdict[int, list[Episode]] = defaultdict(list)
    for episode in episodes:
        if episode.step is not None and episode.failure is None:
            steps[episode.step].append(episode)
    return dict(sorted(steps.items()))


def window_of(steps: int) -> int:
    """How many neighbouring steps are pooled: odd, about a tenth of the run."""
    return max(1, steps // 10 // 2 * 2 + 1)


def success_curve(steps: Steps, name: str, style: str) -> Series:
    """Success over training: raw means, pooled line and its 95 % band."""
    line, band = [], []
    for step, pool in _pools(steps).items():
        interval = success_interval(pool, draws=_BAND_DRAWS)
        line.append((float(step), fmean(e.solved for e in pool)))
        if interval is not None:
            band.append((float(step), interval.low, interval.high))
    points = [(float(step), fmean(e.solved for e in episodes)) for step, episodes in steps.items()]
    return Series(name, style, line, band, points)


def mean_of(curves: Sequence[Series]) -> Series:
    """The mean of several lines, at the steps that all of them have; at all steps where none is common."""
    values = [dict(curve.line) for curve in curves]
    common = set.intersection(*map(set, values)) or set.union(*map(set, values))
    line = [(x, fmean(each[x] for each in values if x in each)) for x in sorted(common)]
    return Series(f"mean of {len(curves)} runs", "mean", line)


def mean_curve(steps: Steps, name: str, style: str, value: Callable[[Episode], float]) -> Series:
    """The mean of a number per episode over training, raw and pooled."""
    line = [(float(step), fmean(map(value, pool))) for step, pool in _pools(steps).items()]
    points = [(float(step), fmean(map(value, episodes))) for step, episodes in steps.items()]
    return Series(name, style, line, (), points)


def metric_curve(metrics: Mapping[int, Mapping[str, float]], key: str, style: str, name: str) -> Series:
    """One number of the trainer over its steps."""
    return Series(name, style, [(float(step), data[key]) for step, data in metrics.items() if key in data])


def _pools(steps: Steps) -> dict[int, list[Episode]]:
    order = list(steps)
    reach = window_of(len(order)) // 2
    return {
        step: [e for near in order[max(0, i - reach) : i + reach + 1] for e in steps[near]]
        for i, step in enumerate(order)
    }
