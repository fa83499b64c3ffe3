"""What tells the episodes of one run apart, in every process and in its log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from .episode import Episode


@dataclass(frozen=True, slots=True)
class EpisodeKey:
    """A task and a number among its samples."""

    task_id: str
    sample: int

    @classmethod
    def of(cls, episode: Episode) -> Self:
        """The key of an episode."""
        return cls(episode.task_id, episode.sample)
