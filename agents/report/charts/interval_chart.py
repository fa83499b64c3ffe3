"""Rates with their intervals as inline SVG: where the intervals lie apart, the rates differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ...evaluation.statistics import Interval

_RIGHT, _TOP, _ROW, _BOTTOM = 58, 8, 26, 42


@dataclass(frozen=True, slots=True)
class RateRow:
    """One rate; a row without one is shown as missing."""

    name: str
    style: str
    rate: float | None
    interval: Interval | None
    note: str = ""
    """Shown when pointed at."""


def interval_chart(
    groups: Sequence[tuple[str, Sequence[RateRow]]], *, label: str, x_label: str, width: int = 520
) -> str:
    """Draws groups of rows over a shared axis from 0 % to 100 %.

    Args:
        groups: Heading (may be empty) and rows of each group.
        label: What the chart shows, for those who cannot see it.
        x_label: Title of the axis.
        width: Width of the view box.
    """
    names = [row.name for _, rows in groups for row in rows]
    left = min(width * 0.4, 14 + 7.2 * max(map(len, names), default=0))
    y, parts = float(_TOP), []
    for heading, rows in groups:
        if heading:
            parts.append(f'<text class="heading" x="2" y="{y + 16:.0f}">{escape(heading)}</text>')
            y += 24
        for row in rows:
            parts.append(_row(row, y + _ROW / 2, left, width - _RIGHT))
            y += _ROW
        y += 6
    bottom = y
    height = bottom + _BOTTOM
    axis = "".join(_tick(share, left, width - _RIGHT, bottom) for share in (0, 0.25, 0.5, 0.75, 1))
    title = (
        f'<text class="label" text-anchor="middle" '
        f'x="{(left + width - _RIGHT) / 2:.0f}" y="{height - 5:.0f}">'
        f"{escape(x_label)}</text>"
    )
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(label)}" class="chart">'
        + axis
        + "".join(parts)
        + title
        + "</svg>"
    )


def _tick(share: float, left: float, right: float, bottom: float) -> str:
    x = left + share * (right - left)
    return (
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom:.0f}"/>'
        f'<text class="tick" x="{x:.1f}" y="{bottom + 16:.0f}" text-anchor="middle">{share:.0%}</text>'
    )


def _row(row: RateRow, y: float, left: float, right: float) -> str:
    name = (
        f'<text class="name" x="{left - 10:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(row.name)}</text>'
    )
    if row.rate is None or row.interval is None:
        return name + f'<text class="tick" x="{left + 6:.1f}" y="{y + 4:.1f}">missing</text>'

    def place(share: float) -> float:
        return left + share * (right - left)

    return (
        f"<g><title>{escape(row.note)}</title>{name}"
        f'<rect class="bar c-{row.style}" x="{left:.1f}" y="{y - 7:.1f}" height="14" rx="3" '
        f'width="{max(0.0, place(row.rate) - left):.1f}"/>'
        f'<line class="whisker c-{row.style}" '
        f'x1="{place(row.interval.low):.1f}" x2="{place(row.interval.high):.1f}" '
        f'y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<circle class="dot c-{row.style}" cx="{place(row.rate):.1f}" cy="{y:.1f}" r="4.5"/>'
        f'<text class="value" x="{right + 10:.1f}" y="{y + 4:.1f}">{row.rate:.0%}</text></g>'
    )
