"""Standard errors of means whose values come in clusters, in pairs or in whole runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt
from statistics import fmean, stdev


def clustered_standard_error(clusters: Sequence[Sequence[float]]) -> float | None:
    """The standard error of the mean over all values when those of one cluster are not independent.

    E. Miller, "Adding Error Bars to Evals" (arXiv 2411.00640), equation 4: the root of the sum over clusters
    of (sum of deviations)^2, over the number of values. With one value a cluster it is the ordinary one, with
    n instead of n - 1.

    Args:
        clusters: The values of each cluster, such as the outcomes of all samples of one task.

    Returns:
        None with fewer than two clusters that hold a value.
    """
    filled = [cluster for cluster in clusters if len(cluster)]
    if len(filled) < 2:
        return None
    count = sum(map(len, filled))
    mean = fsum(map(fsum, filled)) / count
    return sqrt(fsum((fsum(cluster) - len(cluster) * mean) ** 2 for cluster in filled)) / count


def paired_standard_error(differences: Sequence[float]) -> float | None:
    """The standard error of the mean of differences, one a task; None with fewer than two.

    Pairing takes out what tasks have in common: how hard they are (arXiv 2411.00640, section 4).
    """
    return stdev(differences) / sqrt(len(differences)) if len(differences) > 1 else None


def standard_error_across_runs(rates: Sequence[float]) -> tuple[float, float] | None:
    """Mean and standard error of the rates of runs over the same tasks; None with fewer than two.

    It says how far another run of the same model over the same tasks may lie, not how far other tasks would.
    """
    if len(rates) < 2:
        return None
    return fmean(rates), stdev(rates) / sqrt(len(rates))
