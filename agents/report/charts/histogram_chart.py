"""Distributions as inline SVG: one row of bars for each group, over a shared axis.

Rows instead of overlays, because more than two overlaid distributions cannot be told apart. Every row is
scaled to its own highest bar, and its middle is marked and told.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median

from .line_chart import ticks

_RIGHT, _TOP, _NAME, _ROW, _BOTTOM = 76, 6, 20, 40, 42
_STEP = _NAME + _ROW + 12
_BINS, _FEWEST = 32, 8
_SPREAD = 60
"""Largest over smallest value from which on the axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class HistogramRow:
    """The values of one group."""

    name: str
    style: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    bins: int
    log: bool = False
    one_each: bool = False
    """Whether every bin is one whole number."""

    def share(self, value: float) -> float:
        low, high, value = self._scaled(self.low), self._scaled(self.high), self._scaled(value)
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def bin(self, value: float) -> int:
        return min(self.bins - 1, int(self.share(value) * self.bins))

    def edges(self, place: int) -> tuple[float, float]:
        low, high = self._scaled(self.low), self._scaled(self.high)
        ends = tuple(low + (high - low) * (place + side) / self.bins for side in (0, 1))
        return (10.0 ** ends[0], 10.0 ** ends[1]) if self.log else (ends[0], ends[1])

    def ticks(self) -> list[float]:
        if not self.log:
            return ticks(self.low, self.high - self.one_each, 4, whole=self.one_each)
        powers = range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
        return [10.0**power for power in powers]

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, self.low)) if self.log else value


def histogram_chart(
    rows: Sequence[HistogramRow],
    *,
    label: str,
    x_label: str,
    shown: Callable[[float], str],
    whole: bool = False,
    width: int = 520,
) -> str:
    """Draws the rows that have values.

    Args:
        rows: At least one of them with a value.
        label: What the chart shows, for those who cannot see it.
        x_label: Title of the axis.
        shown: Writes a value.
        whole: Whether values are whole numbers, with a bar each while they are few.
        width: Width of the view box.
    """
    filled = [row for row in rows if row.values]
    axis = _axis([value for row in filled for value in row.values], whole)
    ends = (14.0, float(width - _RIGHT))
    bottom = _TOP + len(filled) * _STEP
    parts = [
        f'<svg viewBox="0 0 {width} {bottom + _BOTTOM}" role="img" class="chart" '
        f'aria-label="{escape(label)}">',
        *_grid(axis, ends, bottom, shown),
    ]
    for place, row in enumerate(filled):
        parts += _drawn(row, axis, _TOP + place * _STEP, ends, shown)
    parts.append(
        f'<text class="label" x="{sum(ends) / 2:.0f}" y="{bottom + _BOTTOM - 5}" text-anchor="middle">'
        f"{escape(x_label)}</text></svg>"
    )
    return "".join(parts)


def _grid(axis: _Axis, ends: tuple[float, float], bottom: int, shown: Callable[[float], str]) -> list[str]:
    parts = []
    for tick in axis.ticks():
        x = ends[0] + axis.share(tick + (0.5 if axis.one_each else 0.0)) * (ends[1] - ends[0])
        parts.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>'
            f'<text class="tick" x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">'
            f"{escape(shown(tick))}</text>"
        )
    return parts


def _axis(values: Sequence[float], whole: bool) -> _Axis:
    low, high = min(values), max(values)
    if whole and high - low < _BINS - 1:
        low, high = min(low, 1.0), max(high, low + _FEWEST - 1)
        return _Axis(low, high + 1, int(high - low) + 1, one_each=True)
    positive = [value for value in values if value > 0]
    if not whole and positive and max(positive) / min(positive) > _SPREAD:
        ordered = sorted(positive)
        least = ordered[len(ordered) // 200]
        return _Axis(least, max(high, least * 10), _BINS, log=True)
    return _Axis(min(low, 0.0), high if high > min(low, 0.0) else low + 1.0, _BINS)


def _drawn(
    row: HistogramRow, axis: _Axis, top: float, ends: tuple[float, float], shown: Callable[[float], str]
) -> list[str]:
    counts = Counter(map(axis.bin, row.values))
    highest, width = max(counts.values()), (ends[1] - ends[0]) / axis.bins
    base = top + _NAME + _ROW
    parts = [f'<text class="name" x="{ends[0]:.0f}" y="{top + 11:.1f}">{escape(row.name)}</text>']
    for place, count in sorted(counts.items()):
        low, high = axis.edges(place)
        span = shown(low) if axis.one_each else f"{shown(low)} – {shown(high)}"
        tip = f"{row.name}, {span}: {count:,} ({count / len(row.values):.0%})"
        tall = max(1.0, count / highest * _ROW)
        parts.append(
            f'<rect class="column c-{row.style}" rx="1.5" x="{ends[0] + place * width + 0.6:.1f}" '
            f'y="{base - tall:.1f}" width="{max(1.0, width - 1.2):.1f}" height="{tall:.1f}">'
            f"<title>{escape(tip)}</title></rect>"
        )
    parts.append(
        f'<line class="axis" x1="{ends[0]:.0f}" x2="{ends[1]:.0f}" y1="{base:.1f}" y2="{base:.1f}"/>'
        f'<text class="tick" x="{ends[1] + 10:.0f}" y="{base - 18:.1f}">median</text>'
        f'<text class="value" x="{ends[1] + 10:.0f}" y="{base - 3:.1f}">'
        f"{escape(shown(median(row.values)))}</text>"
    )
    return parts
