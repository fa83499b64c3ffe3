"""The share of the last episodes that the machine failed, known before a step is over: it might never be."""

from __future__ import annotations

from collections import deque

from ..run_settings.monitoring import Action, FailureRule
from .episode_line import EpisodeLine


class FailureRate:
    """A rule that looks at episodes, not at steps."""

    name = "failures"

    def __init__(self, settings: FailureRule) -> None:
        self.action: Action = settings.action
        self._share = settings.share
        self._recent: deque[EpisodeLine] = deque(maxlen=settings.window)

    def add(self, episode: EpisodeLine) -> None:
        """Looks at one episode."""
        kept = episode if episode.failure else EpisodeLine()
        self._recent.append(kept)

    def complaint(self) -> str | None:
        """What is wrong now; None when nothing is, or too little was seen."""
        failed = [episode for episode in self._recent if episode.failure]
        window = self._recent.maxlen or 0
        if len(self._recent) < window or len(failed) < self._share * window:
            return None
        last = failed[-1]
        return f"{len(failed)} of the last {window} episodes failed: {last.failure}: {last.failure_message}"
