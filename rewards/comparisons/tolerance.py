"""When two numbers count as equal."""

from __future__ import annotations

import math


def within_tolerance(value: float, target: float, absolute: float, relative: float) -> bool:
    """`|value - target| <= max(absolute, relative * |target|)`; NaN is NaN, and infinite only as such."""
    if math.isnan(target):
        return math.isnan(value)
    if math.isinf(target) or math.isinf(value):
        return value == target
    return abs(value - target) <= max(absolute, relative * abs(target))
