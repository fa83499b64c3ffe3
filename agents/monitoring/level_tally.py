"""What share of its episodes is solved, level by level: one that is lost hardly shows in the mean."""

from __future__ import annotations

import re
from collections import Counter

from ..rollouts.episode_level import OfTask, level_of

_MOST_LEVELS = 16
_OTHER = "other"
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


class LevelTally:
    """Counts scored episodes by level; levels after the first 16 are counted together."""

    FAMILY = "solved/"
    """What the names of its metrics begin with."""

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

    def values(self) -> dict[str, float]:
        """Shares by `solved/LEVEL`, in the order of the levels' names."""
        return {
            f"{self.FAMILY}{level}": self._solved[level] / count
            for level, count in sorted(self._episodes.items())
        }
