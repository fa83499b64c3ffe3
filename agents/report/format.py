"""Numbers as people write them."""

from __future__ import annotations

import json
import math
from typing import Any

from ..evaluation.statistics import Interval

MISSING = "–"


def percent(value: float | None) -> str:
    """`0.934` as `93.4 %`; whole numbers without decimals."""
    if value is None:
        return MISSING
    text = f"{value * 100:.1f}"
    return f"{text.removesuffix('.0')} %"


def interval(value: Interval | None) -> str:
    """An interval of shares, as `91 – 96 %`."""
    if value is None:
        return MISSING
    return f"{_short(value.low * 100)} – {_short(value.high * 100)} %"


def points(value: float) -> str:
    """A difference of shares, as `+12.5 points`."""
    return f"{value * 100:+.1f}".removesuffix(".0").replace("-", "−") + " points"


def number(value: float | None) -> str:
    """A number with the digits that matter: `3.2`, `1,250`, `2.1·10⁻⁹`."""
    if value is None:
        return MISSING
    size = abs(value)
    if value == 0:
        return "0"
    if size < 0.001 or size >= 1e7:
        return _power(value)
    if size >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:.{min(digits, 4)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def setting(value: Any) -> str:
    """A value of a configuration."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def size(count: int) -> str:
    """Bytes, as `2.1 MB`."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def duration(seconds: float) -> str:
    """`75` as `1 min 15 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.1e}".split("e")
    power = "10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    mantissa = mantissa.removesuffix(".0").replace("-", "−")
    return power if mantissa == "1" else f"{mantissa}·{power}"
