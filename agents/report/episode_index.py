"""One line of every episode, in columns: what the table of the page shows, sorts and filters by.

Columns with few different values are coded by number, so that thousands of episodes stay a small text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...rewards.verdict import Outcome
from ..records.episode_traits import ending_of, outcome_of, set_of, written_tokens
from ..rollouts.episode import Episode
from ..rollouts.episode_level import level_of

_CODED = ("arm", "run", "set", "level", "outcome", "ending")


class EpisodeIndex:
    """Columns that grow by one row at a time."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {}
        self._values: dict[str, dict[str, int]] = {name: {} for name in _CODED}
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, arm: str, run: str, episode: Episode) -> None:
        """Adds the row of an episode."""
        for name, value in _row(arm, run, episode).items():
            if name in self._values:
                codes = self._values[name]
                value = codes.setdefault(value, len(codes))
            self._columns.setdefault(name, []).append(value)
        self._rows += 1

    def columns(self) -> Mapping[str, Any]:
        """The columns, coded ones as `{"values": [...], "codes": [...]}`."""
        return {
            name: {"values": list(self._values[name]), "codes": column} if name in self._values else column
            for name, column in self._columns.items()
        }


def _row(arm: str, run: str, episode: Episode) -> dict[str, Any]:
    tests = episode.verdict.tests if episode.verdict is not None else ()
    return {
        "arm": arm,
        "run": run,
        "set": set_of(episode),
        "level": level_of(episode),
        "outcome": outcome_of(episode),
        "ending": ending_of(episode),
        "id": episode.id,
        "task": episode.task_id,
        "sample": episode.sample,
        "step": episode.step,
        "reward": None if episode.reward is None else round(episode.reward, 4),
        "passed": sum(test.outcome is Outcome.PASSED for test in tests),
        "tests": len(tests),
        "turns": len(episode.turns),
        "calls": episode.tool_calls,
        "tokens": written_tokens(episode),
        "seconds": round(episode.seconds, 2),
    }
