"""What an evaluation counts as its episodes end: three numbers a task are all that is kept of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..rollouts.episode import Episode
from ..rollouts.episode_level import level_of
from ..tokens.drift import Drift
from .quality_tally import QualityTally


class TaskCounts(NamedTuple):
    """The samples of one task."""

    scored: int = 0
    solved: int = 0
    failed: int = 0


@dataclass(slots=True)
class SummaryTally:
    """Counts; `EvaluationSummary.from_tally` makes rates of them."""

    policies: set[str] = field(default_factory=set)
    tasks: dict[str, TaskCounts] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    """Of scored episodes, as everything below."""
    turns: int = 0
    tool_calls: int = 0
    protocols: Counter[str] = field(default_factory=Counter)
    """Messages by what their calls were written in."""
    repaired: int = 0
    invented_outputs: int = 0
    parse_errors: int = 0
    drift: Drift = field(default_factory=Drift)
    rewarded: int = 0
    rewards: float = 0.0
    quality: QualityTally = field(default_factory=QualityTally)
    levels: defaultdict[str, QualityTally] = field(default_factory=lambda: defaultdict(QualityTally))

    def add(self, episode: Episode) -> None:
        """Counts one episode."""
        self.policies.add(episode.policy)
        scored, solved, failed = self.tasks.get(episode.task_id, TaskCounts())
        if episode.failure is not None:
            self.failures[str(episode.failure)] += 1
            self.tasks[episode.task_id] = TaskCounts(scored, solved, failed + 1)
            return
        self.tasks[episode.task_id] = TaskCounts(scored + 1, solved + episode.solved, failed)
        self.stops[str(episode.stop)] += 1
        self.turns += len(episode.turns)
        self.tool_calls += episode.tool_calls
        self.protocols.update(episode.protocols)
        self.repaired += sum(bool(turn.repaired) for turn in episode.turns)
        self.invented_outputs += episode.invented_outputs
        if episode.drift is not None:
            self.drift += episode.drift
        self.parse_errors += sum(bool(turn.parse_error) for turn in episode.turns)
        if episode.reward is not None:
            self.rewarded += 1
            self.rewards += episode.reward
        self.quality.add(episode.verdict)
        self.levels[level_of(episode)].add(episode.verdict)

    def add_all(self, episodes: Iterable[Episode]) -> None:
        """Counts episodes, one by one."""
        for episode in episodes:
            self.add(episode)
