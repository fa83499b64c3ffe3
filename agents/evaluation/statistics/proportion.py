"""Intervals of a success rate over independent trials."""

from __future__ import annotations

from math import exp, fsum, lgamma, log, log1p, sqrt

from .interval import Interval, normal_quantile

_HALVINGS = 60


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The Wilson score interval.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Args:
        successes: How many of the trials succeeded.
        trials: Independent trials; without any, nothing is known and the interval is [0, 1].
        confidence: Coverage, between 0 and 1.

    Raises:
        ValueError: If the counts or the confidence are impossible.
    """
    _check(successes, trials)
    z = normal_quantile(confidence)
    if trials == 0:
        return Interval(0.0, 1.0)
    rate = successes / trials
    centre = rate + z * z / (2 * trials)
    spread = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == trials else (centre + spread) / scale
    return Interval(max(0.0, low), min(1.0, high))


def clopper_pearson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The exact interval: it covers the rate at least as often as it says, and is wider than Wilson's.

    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26 (1934). Each end is the rate at which the tail of the binomial distribution
    beyond what was seen has half of what the interval leaves out.

    Args:
        successes: How many of the trials succeeded.
        trials: Independent trials; without any, the interval is [0, 1].
        confidence: Coverage, between 0 and 1.

    Raises:
        ValueError: If the counts or the confidence are impossible.
    """
    _check(successes, trials)
    normal_quantile(confidence)
    tail = (1 - confidence) / 2
    low = _rate_with_tail(successes, trials, tail) if successes else 0.0
    high = 1.0 - _rate_with_tail(trials - successes, trials, tail) if successes < trials else 1.0
    return Interval(low, high)


def _rate_with_tail(successes: int, trials: int, tail: float) -> float:
    """The rate at which so many successes or more have the chance `tail`, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _chance_of_at_least(successes, trials, middle) < tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _chance_of_at_least(successes: int, trials: int, rate: float) -> float:
    """The upper tail of the binomial distribution."""
    whole, won, lost = lgamma(trials + 1), log(rate), log1p(-rate)
    return fsum(
        exp(whole - lgamma(n + 1) - lgamma(trials - n + 1) + n * won + (trials - n) * lost)
        for n in range(successes, trials + 1)
    )


def _check(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"successes is {successes}; it must lie between 0 and trials = {trials}")
