"""Intervals by resampling whole clusters, such as all samples of one task.

B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13 (the percentile interval); for
clusters, A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .interval import Interval, normal_quantile
from .proportion import wilson_interval

_Array = NDArray[np.float64]
_DRAWN_AT_ONCE = 1 << 20


def bootstrap_interval(
    clusters: Sequence[Sequence[float]], confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    """The percentile bootstrap interval of the mean over all values, resampling whole clusters.

    Args:
        clusters: The values of each cluster, such as the outcomes of all samples of one task.
        confidence: Coverage, between 0 and 1.
        draws: Bootstrap samples.
        seed: The same seed gives the same interval.

    Raises:
        ValueError: If there is no value at all.
    """
    filled = [cluster for cluster in clusters if len(cluster)]
    if not filled:
        raise ValueError("clusters holds no values; give at least one cluster with a value")
    sums = np.array([float(sum(cluster)) for cluster in filled])
    sizes = np.array([float(len(cluster)) for cluster in filled])
    return ratio_interval(sums, sizes, confidence, draws, seed)


def rate_interval(
    counts: Sequence[tuple[int, int]], confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval | None:
    """The interval of a success rate over clusters of trials; None without any trial.

    Clusters are resampled whole. With one trial a cluster, trials are independent, and the interval is
    Wilson's, which covers also where few of few succeed. Where all trials end alike there is nothing to
    resample, and the Wilson interval over the clusters says what so many equal outcomes are worth.

    Args:
        counts: Successes and trials of each cluster, such as those of all samples of one task.
        confidence: Coverage, between 0 and 1.
        draws: Bootstrap samples.
        seed: The same seed gives the same interval.
    """
    known = [each for each in counts if each[1]]
    if not known:
        return None
    sums, sizes = np.array(known, dtype=float).reshape(-1, 2).T
    solved, trials = sums.sum(), sizes.sum()
    if trials == len(known):
        return wilson_interval(int(solved), int(trials), confidence)
    if solved in (0, trials):
        return wilson_interval(len(known) if solved else 0, len(known), confidence)
    return ratio_interval(sums, sizes, confidence, draws, seed)


def ratio_interval(sums: _Array, sizes: _Array, confidence: float, draws: int, seed: int) -> Interval:
    """The interval of the sum of `sums` over the sum of `sizes`, whose places are drawn together.

    Some rows of draws are made at a time, so that many clusters take little memory.
    """
    normal_quantile(confidence)
    generator, rows = np.random.default_rng(seed), max(1, _DRAWN_AT_ONCE // len(sums))
    means = []
    for start in range(0, draws, rows):
        chosen = generator.integers(len(sums), size=(min(rows, draws - start), len(sums)))
        means.append(sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Interval(float(low), float(high))
