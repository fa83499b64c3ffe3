"""What an evaluation counts as its episodes end: three numbers a task are all that is kept of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..rollouts.episode import Episode, StopReason
from ..rollouts.episode_level import level_of
from ..rollouts.task_place import TaskPlace
from ..tokens.drift import Drift
from .quality_tally import QualityTally
from .spending import tokens_of


class TaskCounts(NamedTuple):
    """The samples of one task."""

    scored: int = 0
    solved: int = 0
    failed: int = 0


@dataclass(slots=True)
class SummaryTally:
    """Counts; `EvaluationSummary.from_tally` makes rates of them."""

    policies: set[str] = field(default_factory=set)
    tasks: dict[TaskPlace, TaskCounts] = field(default_factory=dict)
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
    empty: int = 0
    cut: int = 0
    ignored_stops: int = 0
    overflows: int = 0
    """Episodes whose prompt alone was too long."""
    unsubmitted: int = 0
    """Episodes with messages, but without a submission."""
    schemas: int = 0
    """Episodes whose tools travelled beside the messages."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    samples: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """Sample -> solved and scored: each sample number is one run over the tasks."""
    drift: Drift = field(default_factory=Drift)
    rewarded: int = 0
    rewards: float = 0.0
    quality: QualityTally = field(default_factory=QualityTally)
    levels: defaultdict[str, QualityTally] = field(default_factory=lambda: defaultdict(QualityTally))

    def add(self, episode: Episode) -> None:
        """Counts one episode."""
        place = TaskPlace.of(episode)
        self.policies.add(episode.policy)
        scored, solved, failed = self.tasks.get(place, TaskCounts())
        if episode.failure is not None:
            self.failures[str(episode.failure)] += 1
            self.tasks[place] = TaskCounts(scored, solved, failed + 1)
            return
        self.tasks[place] = TaskCounts(scored + 1, solved + episode.solved, failed)
        run = self.samples[episode.sample]
        run[0], run[1] = run[0] + episode.solved, run[1] + 1
        self.stops[str(episode.stop)] += 1
        self.overflows += episode.stop is StopReason.TOKEN_LIMIT and not episode.turns
        self.schemas += bool(episode.tool_schemas)
        self.unsubmitted += episode.submission is None and bool(episode.turns)
        if episode.reward is not None:
            self.rewarded += 1
            self.rewards += episode.reward
        self.quality.add(episode.verdict)
        self.levels[level_of(episode)].add(episode.verdict)
        self._add_turns(episode)

    def _add_turns(self, episode: Episode) -> None:
        self.turns += len(episode.turns)
        self.tool_calls += episode.tool_calls
        self.protocols.update(episode.protocols)
        self.repaired += sum(bool(turn.repaired) for turn in episode.turns)
        self.invented_outputs += episode.invented_outputs
        if episode.drift is not None:
            self.drift += episode.drift
        self.parse_errors += sum(bool(turn.parse_error) for turn in episode.turns)
        self.empty += sum(not turn.action.strip() for turn in episode.turns)
        self.cut += sum(turn.finish_reason == "length" for turn in episode.turns)
        self.ignored_stops += sum(turn.stop_ignored for turn in episode.turns)
        tokens = tokens_of(episode)
        self.prompt_tokens += tokens.prompt
        self.completion_tokens += tokens.completion

    def add_all(self, episodes: Iterable[Episode]) -> None:
        """Counts episodes, one by one."""
        for episode in episodes:
            self.add(episode)
