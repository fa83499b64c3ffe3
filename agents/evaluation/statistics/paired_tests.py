"""Tests and intervals for the difference between two runs over the same tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from .bootstrap import ratio_interval
from .interval import Interval
from .proportion import wilson_interval

_EXACT_TASKS = 16
_DRAWN_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class McNemarTest:
    """What McNemar's test found."""

    first_only: int
    """Tasks that only the first run solved."""
    second_only: int
    """Tasks that only the second run solved."""
    p_value: float
    """The chance of such a split or a more uneven one, if both runs were equally good."""


def mcnemar_test(first: Sequence[bool], second: Sequence[bool]) -> McNemarTest:
    """The exact McNemar test: of the pairs that differ, how uneven is the split?

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947), with the binomial distribution instead of its chi-square approximation.

    Args:
        first: Outcomes of the first run, one a task.
        second: Those of the second run, in the same order.

    Raises:
        ValueError: If there are not as many of both.
    """
    _check(first, second)
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    differ, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(differ, n) for n in range(fewer + 1))
    return McNemarTest(only_first, only_second, min(1.0, 2 * tail / 2**differ))


def permutation_test(differences: Sequence[float], draws: int = 20_000, seed: int = 0) -> float:
    """The p-value of the mean difference when each difference could as well have the other sign.

    R. A. Fisher, "The Design of Experiments" (1935), section 21. All signs are tried where there are up to 16
    differences that are not zero; otherwise some are drawn, and the draw that was seen counts among them
    (B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", 2010).

    Args:
        differences: Second minus first run, one a task.
        draws: How many signs are drawn, where not all are tried.
        seed: The same seed gives the same value.

    Returns:
        The share of signs whose sum is at least as far from zero; 1 where nothing differs.
    """
    values = np.array([value for value in differences if value], dtype=float)
    if not len(values):
        return 1.0
    seen = abs(values.sum()) * (1 - 1e-12)
    if len(values) <= _EXACT_TASKS:
        places = np.arange(1 << len(values))[:, None] >> np.arange(len(values)) & 1
        return float((abs((1 - 2 * places) @ values) >= seen).mean())
    generator, rows, as_far = np.random.default_rng(seed), max(1, _DRAWN_AT_ONCE // len(values)), 0
    for start in range(0, draws, rows):
        signs = generator.integers(2, size=(min(rows, draws - start), len(values))) * 2 - 1
        as_far += int((abs(signs @ values) >= seen).sum())
    return (as_far + 1) / (draws + 1)


def paired_bootstrap_interval(
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """The interval of the difference of the means, resampling tasks with the samples of both runs.

    P. Koehn, "Statistical significance tests for machine translation evaluation" (EMNLP 2004), with the
    percentile interval; each task counts alike, however many samples it has.

    Args:
        first: Values of the first run, those of one task together.
        second: Those of the second run, for the same tasks in the same order.
        confidence: Coverage, between 0 and 1.
        draws: Bootstrap samples.
        seed: The same seed gives the same interval.

    Raises:
        ValueError: If the tasks differ in number, or one has no value.
    """
    _check(first, second)
    if not len(first) or not all(map(len, first)) or not all(map(len, second)):
        raise ValueError("every task needs a value in both runs; leave out those without")
    differences = _mean_differences(first, second)
    ones = np.ones(len(differences))
    return ratio_interval(np.array(differences, dtype=float), ones, confidence, draws, seed)


def paired_rate_interval(
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """The interval of the difference of two rates; as `paired_bootstrap_interval`, for values from 0 to 1.

    Where all tasks differ alike, as when both runs solve the same ones, there is nothing to resample. The
    interval then reaches as far as that of T. Tango, "Equivalence test and confidence interval for the
    difference in proportions for the paired-sample design" (1998) where runs never differ: z^2 / (n + z^2).
    """
    interval = paired_bootstrap_interval(first, second, confidence, draws, seed)
    differences = _mean_differences(first, second)
    if max(differences) > min(differences):
        return interval
    reach = wilson_interval(0, len(differences), confidence).high
    return Interval(max(-1.0, interval.low - reach), min(1.0, interval.high + reach))


def _mean_differences(first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> list[float]:
    return [sum(b) / len(b) - sum(a) / len(a) for a, b in zip(first, second, strict=True)]


def _check(first: Sequence[object], second: Sequence[object]) -> None:
    if len(first) != len(second):
        raise ValueError(f"{len(first)} tasks in the first run and {len(second)} in the second; need as many")
