"""How far an evaluation is: what is done, how well, how fast, what it cost and how long it still takes."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from ..rollouts.episode import Episode
from ..rollouts.task_place import TaskPlace
from .spending import Spending, tokens_of
from .statistics import Interval, rate_interval

_DRAWS = 500


@dataclass
class EvaluationProgress:
    """Counts episodes as they end; rates are of this start, and not of what was played before."""

    total: int
    spending: Spending
    clock: Callable[[], float] = time.monotonic
    kept: int = 0
    """Episodes that were played before."""
    played: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    started: float = field(init=False)
    _tasks: defaultdict[TaskPlace, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    _completion_tokens: int = 0
    _interval: tuple[int, Interval | None] = (0, None)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def keep(self, episode: Episode) -> None:
        """Counts an episode of an earlier start."""
        self.kept += 1
        self._count(episode)

    def attempt(self, episode: Episode) -> None:
        """Counts one attempt and what it cost, whether it is the last one or not."""
        self.retries += episode.attempt > 1
        self._completion_tokens += tokens_of(episode).completion
        self.spending.add(episode)

    def add(self, episode: Episode) -> None:
        """Counts an episode, after its last attempt."""
        self.played += 1
        if episode.failure is not None:
            self.failures[str(episode.failure)] += 1
        self._count(episode)

    @property
    def done(self) -> int:
        """Of all starts."""
        return self.kept + self.played

    @property
    def solved(self) -> int:
        """Episodes that solved their task."""
        return sum(solved for solved, _ in self._tasks.values())

    @property
    def scored(self) -> int:
        """Episodes that count in the rate."""
        return sum(count for _, count in self._tasks.values())

    @property
    def rate(self) -> float | None:
        """pass@1 so far."""
        return self.solved / self.scored if self.scored else None

    @property
    def interval(self) -> Interval | None:
        """95 % of `rate`, clustered by task; computed anew whenever a hundredth more has ended."""
        if self.done - self._interval[0] > self._interval[0] // 100:
            counts = [(solved, count) for solved, count in self._tasks.values()]
            self._interval = (self.done, rate_interval(counts, draws=_DRAWS))
        return self._interval[1]

    @property
    def seconds(self) -> float:
        """Since this start."""
        return self.clock() - self.started

    @property
    def tokens_per_second(self) -> float:
        """Completion tokens of all episodes together."""
        return self._completion_tokens / max(self.seconds, 1e-9)

    @property
    def episodes_per_minute(self) -> float:
        """Of this start."""
        return 60 * self.played / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first episode has ended."""
        return (self.total - self.done) * self.seconds / self.played if self.played else None

    def _count(self, episode: Episode) -> None:
        if episode.failure is None:
            counts = self._tasks[TaskPlace.of(episode)]
            counts[0] += episode.solved
            counts[1] += 1
