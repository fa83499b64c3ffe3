"""What share of its episodes is solved, level by level: one that is lost hardly shows in the mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from ..rollouts.episode_level import OfTask, level_of

_MOST_LEVELS = 16
_OTHER = "other"
_FAMILY = "solved/"
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


class LevelTally:
    """Counts scored episodes by level; levels after the first 16 are counted together."""

    def __init__(self) -> None:
        self._episodes: Counter[str] = Counter()
        self._solved: Counter[str] = Counter()

    def add(self, episode: OfTask, solved: bool) -> None:
        """Counts one scored episode."""
        level = _NOT_IN_A_NAME.sub("-", level_of(episode)).strip("-") or _OTHER
        if level not in self._episodes and len(self._episodes) >= _MOST_LEVELS:
            level = _OTHER
        self._episodes[level] += 1
        self._solved[level] += solved

    @staticmethod
    def metric(level: str) -> str:
        """The name of a level's metric."""
        return f"{_FAMILY}{level}"

    @staticmethod
    def shares(metrics: Mapping[str, float]) -> dict[str, float]:
        """What is told of levels among the metrics of a step, by level."""
        return {
            name.removeprefix(_FAMILY): value for name, value in metrics.items() if name.startswith(_FAMILY)
        }

    def values(self) -> dict[str, float]:
        """Shares by `solved/LEVEL`, in the order of the levels' names."""
        return {
            self.metric(level): self._solved[level] / count for level, count in sorted(self._episodes.items())
        }
