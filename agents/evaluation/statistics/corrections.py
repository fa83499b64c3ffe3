"""p-values of several tests at once, made comparable with one threshold."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that the chance of even one false finding stays below the threshold.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6 (1979).

    Args:
        p_values: One for each test, in any order.

    Returns:
        Adjusted values in the same order.
    """
    _check(p_values)
    adjusted, most = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(_order(p_values)):
        most = max(most, (len(p_values) - rank) * p_values[place])
        adjusted[place] = min(1.0, most)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that the expected share of false ones among the findings stays below the threshold.

    Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57 (1995).

    Args:
        p_values: One for each test, in any order.

    Returns:
        Adjusted values in the same order.
    """
    _check(p_values)
    adjusted, least = [0.0] * len(p_values), 1.0
    for rank, place in reversed(list(enumerate(_order(p_values), start=1))):
        least = min(least, len(p_values) / rank * p_values[place])
        adjusted[place] = least
    return adjusted


def _order(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)


def _check(p_values: Sequence[float]) -> None:
    wrong = next((value for value in p_values if not 0 <= value <= 1), None)
    if wrong is not None:
        raise ValueError(f"a p-value is {wrong}; it must lie between 0 and 1")
