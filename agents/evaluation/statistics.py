"""Numbers with their uncertainty: intervals for success rates and the unbiased pass@k.

Samples of one task are not independent, so rates over several samples per task are bootstrapped by task,
not by sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]
_DRAWN_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, both ends included."""

    low: float
    high: float


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The Wilson score interval of a success rate (Wilson 1927).

    Args:
        successes: How many of the trials succeeded.
        trials: Independent trials; without any, nothing is known and the interval is [0, 1].
        confidence: Coverage, between 0 and 1.

    Raises:
        ValueError: If the counts or the confidence are impossible.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"successes is {successes}; it must lie between 0 and trials = {trials}")
    z = _z(confidence)
    if trials == 0:
        return Interval(0.0, 1.0)
    rate = successes / trials
    centre = rate + z * z / (2 * trials)
    spread = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == trials else (centre + spread) / scale
    return Interval(max(0.0, low), min(1.0, high))


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
    return _bootstrap(sums, sizes, confidence, draws, seed)


def rate_interval(
    counts: Sequence[tuple[int, int]], confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval | None:
    """The interval of a success rate over clusters of trials; None without any trial.

    Clusters are resampled whole. Where all trials end alike there is nothing to resample, and the Wilson
    interval over the clusters says what so many equal outcomes are worth.

    Args:
        counts: Successes and trials of each cluster, such as those of all samples of one task.
        confidence: Coverage, between 0 and 1.
        draws: Bootstrap samples.
        seed: The same seed gives the same interval.
    """
    sums, sizes = np.array(counts, dtype=float).reshape(-1, 2).T
    solved, trials = sums.sum(), sizes.sum()
    if not trials:
        return None
    if solved in (0, trials):
        return wilson_interval(len(counts) if solved else 0, len(counts), confidence)
    return _bootstrap(sums, sizes, confidence, draws, seed)


def _bootstrap(sums: _Array, sizes: _Array, confidence: float, draws: int, seed: int) -> Interval:
    """The percentile bootstrap, some rows of draws at a time, so that many clusters take little memory."""
    _z(confidence)
    generator, rows = np.random.default_rng(seed), max(1, _DRAWN_AT_ONCE // len(sums))
    means = []
    for start in range(0, draws, rows):
        chosen = generator.integers(len(sums), size=(min(rows, draws - start), len(sums)))
        means.append(sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Interval(float(low), float(high))


def pass_at_k(samples: int, solved: int, k: int) -> float:
    """The unbiased estimate of the chance that one of `k` samples solves the task (Chen et al. 2021).

    Args:
        samples: Samples drawn for the task.
        solved: How many of them solved it.
        k: At most `samples`.

    Raises:
        ValueError: If the counts are impossible.
    """
    if not (0 <= solved <= samples and 1 <= k <= samples):
        raise ValueError(
            f"pass@{k} of {solved} solved in {samples} samples; need 1 <= k <= samples >= solved >= 0"
        )
    return 1.0 - comb(samples - solved, k) / comb(samples, k)


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1")
    return NormalDist().inv_cdf((1 + confidence) / 2)
