"""The seam between a run, which decides what is played when, and the machines that play it."""

from __future__ import annotations

from typing import Protocol

from .episode import Episode
from .episode_job import EpisodeJob


class EpisodePlayer(Protocol):
    """Plays episodes: in this process, or on the nodes of a cluster."""

    @property
    def seats(self) -> int:
        """The most episodes that it plays at once."""
        ...

    async def play(self, job: EpisodeJob) -> Episode:
        """Plays one attempt; whatever breaks is told by the episode.

        A caller that is cancelled frees interpreter and engine at once.
        """
        ...
