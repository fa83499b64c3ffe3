"""The episodes of a run as few numbers, by set, task and sample."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Self

from ...rollouts.task_place import TaskPlace
from ..breakdown import groups_of
from ..evaluated_run import EvaluatedRun
from ..spending import tokens_of
from ..statistics import rate_interval
from .comparison import RunSide

TASK_WAYS = ("set", "difficulty", "source", "month")
"""Ways to group that are of the task, and so the same in every run."""


@dataclass(frozen=True, slots=True)
class SampleOutcome:
    """One scored episode."""

    solved: bool
    turns: int
    tokens: int
    seconds: float


@dataclass(slots=True)
class RunOutcomes:
    """All scored episodes of one run."""

    run: EvaluatedRun
    tasks: defaultdict[TaskPlace, dict[int, SampleOutcome]] = field(default_factory=lambda: defaultdict(dict))
    groups: dict[TaskPlace, Mapping[str, str]] = field(default_factory=dict)
    """Task -> way -> the group that it is in."""
    results: Counter[str] = field(default_factory=Counter)
    failed: int = 0

    @classmethod
    def of(cls, run: EvaluatedRun) -> Self:
        """Reads a run, one episode at a time."""
        made = cls(run)
        for episode in run.episodes():
            if episode.failure is not None:
                made.failed += 1
                continue
            place = TaskPlace.of(episode)
            groups = groups_of(episode)
            made.groups[place] = {way: groups[way] for way in TASK_WAYS}
            made.results[groups["result"]] += 1
            made.tasks[place][episode.sample] = SampleOutcome(
                episode.solved, len(episode.turns), tokens_of(episode).total, episode.seconds
            )
        return made

    def side(self) -> RunSide:
        """The run by itself."""
        counts = {place: _counted(samples) for place, samples in self.tasks.items()}
        every = [outcome for samples in self.tasks.values() for outcome in samples.values()]
        solved, scored = sum(each.solved for each in every), len(every)
        record = self.run.record
        sets = {label: [c for (of, _), c in counts.items() if of == label] for label in record.sets}
        return RunSide(
            name=self.run.name,
            policy=record.policy,
            mode=str(record.settings["environment"].get("mode", "")),
            tasks=sum(record.sets.values()),
            samples=record.samples,
            scored=scored,
            failed=self.failed,
            rate=solved / scored if scored else None,
            interval=rate_interval(list(counts.values())),
            sets={
                label: sum(s for s, _ in each) / sum(n for _, n in each)
                for label, each in sets.items()
                if each
            },
            results={kind: count / scored for kind, count in self.results.most_common()},
            mean_turns=fmean(each.turns for each in every) if every else None,
            mean_tokens=fmean(each.tokens for each in every) if every else None,
            mean_seconds=fmean(each.seconds for each in every) if every else None,
        )


def _counted(samples: Mapping[int, SampleOutcome]) -> tuple[int, int]:
    return sum(each.solved for each in samples.values()), len(samples)
