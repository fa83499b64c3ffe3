"""The held-out episodes of one measurement, counted as they come; each task counts alike."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean

from .episode_line import EpisodeLine


class HeldoutTally:
    """Adds up to the metrics of held-out tasks."""

    def __init__(self) -> None:
        self._tasks: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])

    def add(self, episode: EpisodeLine) -> None:
        """Counts one episode; a failure of the machine is left out."""
        if episode.failure is not None:
            return
        task = self._tasks[episode.task_id]
        task[0] += 1
        task[1] += episode.reward or 0.0
        task[2] += episode.solved

    def values(self) -> dict[str, float]:
        """The metrics by name; empty when nothing was scored."""
        if not self._tasks:
            return {}
        return {
            "heldout/episodes": sum(count for count, _, _ in self._tasks.values()),
            "heldout/reward": fmean(reward / count for count, reward, _ in self._tasks.values()),
            "heldout/solved": fmean(solved / count for count, _, solved in self._tasks.values()),
        }
