"""What several samples of one task say."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import fmean


def pass_at_k(samples: int, solved: int, k: int) -> float:
    """The unbiased estimate of the chance that one of `k` samples solves the task.

    M. Chen et al., "Evaluating Large Language Models Trained on Code" (arXiv 2107.03374), equation 1:
    1 - C(n - c, k) / C(n, k). Taking 1 - (1 - c/n)^k instead is biased.

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


def avg_at_k(counts: Sequence[tuple[int, int]]) -> float:
    """The mean over tasks of the share of samples that solved the task.

    It estimates what pass@1 does, with the scatter of `k` samples taken out: with 16 samples it is called
    avg@16 or mean@16 (DeepSeek-R1, arXiv 2501.12948, section 3). Each task counts alike.

    Args:
        counts: Solved and all samples of each task; tasks without samples are left out.

    Raises:
        ValueError: If no task has a sample.
    """
    shares = [solved / samples for solved, samples in counts if samples]
    if not shares:
        raise ValueError("counts holds no sample; give at least one task with a sample")
    return fmean(shares)
