"""How large a difference must be to be seen, and how many tasks it takes to see one.

E. Miller, "Adding Error Bars to Evals" (arXiv 2411.00640), section 5: a paired difference is seen with the
chance `power` when it is (z_{alpha/2} + z_{power}) times its standard error.
"""

from __future__ import annotations

from math import ceil
from statistics import NormalDist


def minimal_detectable_effect(standard_error: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest true difference that a two-sided test at `alpha` finds with the chance `power`.

    Args:
        standard_error: That of the difference; see `paired_standard_error`.
        alpha: Chance of finding a difference where there is none.
        power: Chance of finding the one that is there.

    Raises:
        ValueError: If a number is impossible.
    """
    if not standard_error >= 0:
        raise ValueError(f"standard_error is {standard_error}; it must be at least 0")
    return _reach(alpha, power) * standard_error


def tasks_needed(effect: float, deviation: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """The tasks after which a true difference of `effect` is found with the chance `power`.

    Args:
        effect: The difference of the rates, such as 0.03.
        deviation: Standard deviation of the tasks' differences: its square is at most the share of tasks
            that differ, with one sample a task.
        alpha: Chance of finding a difference where there is none.
        power: Chance of finding the one that is there.

    Raises:
        ValueError: If a number is impossible.
    """
    if effect == 0 or not deviation >= 0:
        raise ValueError(f"effect is {effect} and deviation {deviation}; need effect != 0, deviation >= 0")
    return max(1, ceil((_reach(alpha, power) * deviation / effect) ** 2))


def _reach(alpha: float, power: float) -> float:
    if not (0 < alpha < 1 and 0 < power < 1):
        raise ValueError(f"alpha is {alpha} and power {power}; both must lie between 0 and 1")
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
