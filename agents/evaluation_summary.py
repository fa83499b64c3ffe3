"""What episodes say about a policy: rates with intervals, and failures kept apart from wrong answers.

Episodes that failed (the machine broke) count in no rate, whatever they had done before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Self

from pydantic import BaseModel, ConfigDict

from ..rewards.quality import Quality
from .episode import Episode
from .episode_level import level_of
from .statistics import Interval, bootstrap_interval, pass_at_k, wilson_interval


class TaskResult(BaseModel):
    """The samples of one task."""

    model_config = ConfigDict(frozen=True)

    task_id: str
    scored: int
    solved: int
    failed: int


class EvaluationSummary(BaseModel):
    """The result of an evaluation."""

    model_config = ConfigDict(frozen=True)

    policy: str
    episodes: int
    scored: int
    """Episodes that have a verdict or ended without a submission; the base of every rate."""
    solved: int
    pass_at_1: float | None
    """Share of scored episodes that solved their task; None when nothing was scored."""
    interval: Interval | None
    """95 % interval of `pass_at_1`, bootstrapped by task."""
    wilson: Interval | None
    """95 % Wilson interval of `pass_at_1`; right only with one sample per task."""
    pass_at_k: dict[int, float]
    """Unbiased, mean over the tasks, for powers of two up to the scored samples that every task has."""
    mean_turns: float | None
    mean_tool_calls: float | None
    mean_reward: float | None
    quality: Quality
    """Share of tests passed and its bands, over the scored episodes."""
    difficulties: dict[str, Quality]
    """The same for each level of difficulty, the easiest first."""
    failures: dict[str, int]
    """How many episodes failed, by the part that broke."""
    stops: dict[str, int]
    """How many scored episodes ended for which reason."""
    tasks: tuple[TaskResult, ...]
    seconds: float = 0.0
    """Wall clock of the evaluation."""

    @classmethod
    def of(cls, episodes: Iterable[Episode], *, seconds: float = 0.0) -> Self:
        """Sums up episodes of one policy."""
        every = list(episodes)
        scored = [episode for episode in every if episode.failure is None]
        tasks = _tasks(every)
        known = [task for task in tasks if task.scored]
        solved = sum(episode.solved for episode in scored)
        rewards = [episode.reward for episode in scored if episode.reward is not None]
        return cls(
            policy=", ".join(sorted({episode.policy for episode in every})),
            episodes=len(every),
            scored=len(scored),
            solved=solved,
            pass_at_1=solved / len(scored) if scored else None,
            interval=success_interval(scored),
            wilson=wilson_interval(solved, len(scored)) if scored else None,
            pass_at_k={k: fmean(pass_at_k(t.scored, t.solved, k) for t in known) for k in _powers(known)},
            mean_turns=fmean(len(episode.turns) for episode in scored) if scored else None,
            mean_tool_calls=fmean(episode.tool_calls for episode in scored) if scored else None,
            mean_reward=fmean(rewards) if rewards else None,
            quality=Quality.of(episode.verdict for episode in scored),
            difficulties=Quality.by_difficulty((level_of(e), e.verdict) for e in scored),
            failures=dict(Counter(str(e.failure) for e in every if e.failure is not None)),
            stops=dict(Counter(str(episode.stop) for episode in scored)),
            tasks=tasks,
            seconds=seconds,
        )

    @property
    def failed(self) -> int:
        """Episodes in which the machine broke."""
        return self.episodes - self.scored


def success_interval(episodes: Iterable[Episode], draws: int = 2000) -> Interval | None:
    """The 95 % interval of the success rate of scored episodes; None without any.

    Tasks are resampled whole. Where all episodes end alike there is nothing to resample, and the Wilson
    interval over the tasks says what so many equal outcomes are worth.
    """
    clusters: defaultdict[str, list[float]] = defaultdict(list)
    for episode in episodes:
        if episode.failure is None:
            clusters[episode.task_id].append(float(episode.solved))
    if not clusters:
        return None
    outcomes = {value for cluster in clusters.values() for value in cluster}
    if len(outcomes) == 1:
        return wilson_interval(len(clusters) if outcomes == {1.0} else 0, len(clusters))
    return bootstrap_interval(list(clusters.values()), draws=draws)


def _tasks(episodes: Sequence[Episode]) -> tuple[TaskResult, ...]:
    by_task: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        by_task[episode.task_id].append(episode)
    results = []
    for task_id, members in by_task.items():
        scored = [episode for episode in members if episode.failure is None]
        results.append(
            TaskResult(
                task_id=task_id,
                scored=len(scored),
                solved=sum(episode.solved for episode in scored),
                failed=len(members) - len(scored),
            )
        )
    return tuple(results)


def _powers(tasks: Sequence[TaskResult]) -> list[int]:
    most = min((task.scored for task in tasks), default=0)
    return [1 << n for n in range(most.bit_length())]
