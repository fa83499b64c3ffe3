"""Line charts as inline SVG; colours come from the page's style sheet, so that both themes work.

All text is escaped here, whatever it says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 14, 44


@dataclass(frozen=True, slots=True)
class Series:
    """One thing over x: a line, its band, and the raw points behind it."""

    name: str
    style: str
    """Suffix of the colour class, such as `after`."""
    line: Sequence[tuple[float, float]] = ()
    band: Sequence[tuple[float, float, float]] = ()
    """`(x, low, high)`."""
    points: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes show."""

    x_label: str
    y_label: str
    y_format: Callable[[float], str]
    y_range: tuple[float, float] | None = None
    """Fixed range; None takes it from the data, zero included."""
    log: bool = False
    """Logarithmic y; values of 0 and below stand on the bottom line."""


@dataclass(frozen=True, slots=True)
class _Frame:
    width: int
    height: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    log: bool = field(default=False)

    def x(self, value: float) -> float:
        low, high = self.x_range
        return _LEFT + (value - low) / (high - low) * (self.width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_range
        if self.log:
            value = math.log10(value) if value > 0 else low
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM)


def line_chart(
    series: Sequence[Series], axes: Axes, *, label: str, width: int = 520, height: int = 270
) -> str:
    """Draws the series into one SVG element.

    Args:
        series: At least one of them with a value.
        axes: Labels, formats and ranges.
        label: What the chart shows, for those who cannot see it.
        width: Width of the view box.
        height: Height of the view box.
    """
    frame = _frame(series, axes, width, height)
    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}" class="chart">',
        *_grid(frame, axes),
    ]
    for one in series:
        parts.extend(_drawn(one, frame, axes))
    return "".join([*parts, "</svg>"])


def ticks(low: float, high: float, count: int = 5, *, whole: bool = False) -> list[float]:
    """Round numbers between `low` and `high`, both included where they are round."""
    span = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(span)) if span > 0 else 1.0
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= span * 0.999)
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 12) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _frame(series: Sequence[Series], axes: Axes, width: int, height: int) -> _Frame:
    xs = [p[0] for s in series for p in (*s.line, *s.band, *s.points)]
    ys = [y for s in series for p in (*s.line, *s.band, *s.points) for y in p[1:]]
    left, right = min(xs), max(xs)
    if left == right:
        left, right = left - 1, right + 1
    if axes.log:
        logs = [math.log10(y) for y in ys if y > 0] or [0.0]
        y_range = (float(math.floor(min(logs))), float(math.floor(max(logs)) + 1))
    elif axes.y_range is not None:
        y_range = axes.y_range
    else:
        low, high = min(0.0, *ys), max(0.0, *ys)
        room = (high - low) * 0.08 or 1.0
        y_range = (low - room if low < 0 else low, high + room)
    return _Frame(width, height, (left, right), y_range, axes.log)


def _grid(frame: _Frame, axes: Axes) -> list[str]:
    left, right = _LEFT, frame.width - _RIGHT
    bottom = frame.height - _BOTTOM
    parts = []
    for value in _y_ticks(frame):
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(axes.y_format(value))}</text>"
        )
    for value in ticks(*frame.x_range, 4 if frame.width < 600 else 8, whole=True):
        x = frame.x(value)
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{value:,.0f}</text>'
        )
    parts.append(f'<line class="axis" x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>')
    middle = (_TOP + bottom) / 2
    parts.append(
        f'<text class="label" x="{(left + right) / 2:.0f}" y="{frame.height - 6}" text-anchor="middle">'
        f"{escape(axes.x_label)}</text>"
        f'<text class="label" transform="translate(13 {middle:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(axes.y_label)}</text>"
    )
    return parts


def _y_ticks(frame: _Frame) -> list[float]:
    low, high = frame.y_range
    if not frame.log:
        return ticks(low, high, 4)
    every = max(1, math.ceil((high - low) / 5))
    return [10.0**power for power in range(int(low), int(high) + 1, every)]


def _drawn(one: Series, frame: _Frame, axes: Axes) -> list[str]:
    parts = []
    if len(one.band) > 1:
        upper = [f"{frame.x(x):.1f},{frame.y(high):.1f}" for x, _, high in one.band]
        lower = [f"{frame.x(x):.1f},{frame.y(low):.1f}" for x, low, _ in reversed(one.band)]
        parts.append(f'<polygon class="band c-{one.style}" points="{" ".join(upper + lower)}"/>')
    for x, y in one.points:
        tip = escape(f"{one.name}, {axes.x_label} {x:,.0f}: {axes.y_format(y)}")
        parts.append(
            f'<circle class="point c-{one.style}" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3">'
            f"<title>{tip}</title></circle>"
        )
    if one.line:
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in one.line)
        parts.append(f'<polyline class="line c-{one.style}" points="{path}"/>')
        if len(one.line) == 1:
            x, y = one.line[0]
            parts.append(
                f'<circle class="dot c-{one.style}" cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="4"/>'
            )
    return parts
