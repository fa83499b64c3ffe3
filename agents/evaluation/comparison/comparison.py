"""What a comparison of runs found, as plain data."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from ..statistics import Interval


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class RunSide(_Record):
    """One run, over all its scored episodes."""

    name: str
    policy: str
    mode: str
    tasks: int
    samples: int
    scored: int
    failed: int
    rate: float | None
    """pass@1."""
    interval: Interval | None
    """95 %, bootstrapped by task."""
    sets: Mapping[str, float]
    """Set -> pass@1."""
    results: Mapping[str, float]
    """`solved` and each kind of wrong answer -> its share of the scored episodes."""
    mean_turns: float | None
    mean_tokens: float | None
    mean_seconds: float | None


class MeasureDifference(_Record):
    """The difference of a mean per episode, second minus first, over the shared tasks."""

    first: float
    second: float
    difference: float
    interval: Interval


class GroupDifference(_Record):
    """The difference of the success rate over some of the shared tasks."""

    tasks: int
    first: float
    second: float
    difference: float
    interval: Interval
    p_value: float
    p_adjusted: float
    """By Benjamini and Hochberg over all groups of the pair."""


class PairComparison(_Record):
    """Two runs, task by task."""

    first: str
    second: str
    changes: tuple[str, ...]
    """Settings that differ."""
    tasks: int
    """Tasks with a sample that both runs have scored."""
    samples: int
    """Pairs of samples."""
    left_out: int
    """Tasks of either run without such a sample, or with another text or other tests."""
    first_rate: float
    second_rate: float
    difference: float
    """Second minus first; each task counts alike."""
    interval: Interval
    """95 %, bootstrapped over the pairs of tasks."""
    standard_error: float | None
    p_value: float
    """Of the permutation test over tasks."""
    p_adjusted: float
    """By Holm over all pairs of the comparison."""
    first_only: int | None
    """Tasks that only the first run solved; None with several samples a task."""
    second_only: int | None
    mcnemar_p_value: float | None
    """Of the exact test; None with several samples a task."""
    detectable: float | None
    """The smallest true difference that so many tasks show four times out of five."""
    tasks_needed: int | None
    """Tasks after which a true difference as large as the one seen would be shown four times out of five."""
    measures: Mapping[str, MeasureDifference]
    """`turns`, `tokens`, `seconds`."""
    groups: Mapping[str, Mapping[str, GroupDifference]]
    """Way -> group of tasks -> difference."""

    @property
    def label(self) -> str:
        """What tables and pictures call it, by what is subtracted from what."""
        return f"{self.second} − {self.first}"


class Comparison(_Record):
    """Some runs, and the pairs of them that were looked at."""

    runs: tuple[RunSide, ...]
    pairs: tuple[PairComparison, ...]
    forced: bool = False
    """Whether runs were compared that differ in more than what is compared."""
