"""A task among those of several sets, which may share ids, as HumanEval and HumanEval+ do."""

from __future__ import annotations

from typing import NamedTuple, Self

from .episode import Episode
from .episode_head import EpisodeHead


class TaskPlace(NamedTuple):
    """Where a task stands; equal to the plain pair."""

    set: str
    """The label of its set; empty where no set was named."""
    id: str

    @classmethod
    def of(cls, episode: Episode | EpisodeHead) -> Self:
        """The place of an episode's task."""
        return cls(str(episode.info.get("set", "")), episode.task_id)
