"""Compares runs over the same tasks.

Every task is its own control: what counts is by how much the runs differ on it. Tasks are what is resampled
and permuted, so several samples of one task are never taken for independent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import fmean

from ...rollouts.task_place import TaskPlace
from ...usage_error import UsageError
from ..evaluated_run import EvaluatedRun
from ..statistics import (
    Interval,
    benjamini_hochberg,
    holm,
    mcnemar_test,
    minimal_detectable_effect,
    paired_bootstrap_interval,
    paired_rate_interval,
    paired_standard_error,
    permutation_test,
    tasks_needed,
)
from .comparison import Comparison, GroupDifference, MeasureDifference, PairComparison
from .not_comparable import changes_between, check_comparable
from .run_outcomes import TASK_WAYS, RunOutcomes, SampleOutcome

_Values = Callable[[SampleOutcome], float]
_MEASURES: Mapping[str, _Values] = {
    "turns": lambda outcome: outcome.turns,
    "tokens": lambda outcome: outcome.tokens,
    "seconds": lambda outcome: outcome.seconds,
}


def compare(
    runs: Sequence[EvaluatedRun], *, force: bool = False, all_pairs: bool = False, seed: int = 0
) -> Comparison:
    """Compares every run with the first one, or every run with every other.

    Args:
        runs: At least two, with names of their own.
        force: Compare the tasks that two runs share, whatever else differs.
        all_pairs: Look at all pairs; the p-values are corrected for as many.
        seed: Of the resampling; the same seed gives the same numbers.

    Raises:
        NotComparableError: If two runs differ in more than what is compared, unless forced.
        UsageError: If there are fewer than two runs, two have one name, or two share no scored task.
    """
    twice = [name for name, count in Counter(run.name for run in runs).items() if count > 1]
    if twice:
        raise UsageError(f"two runs are called {twice[0]!r}; name them as NAME=DIR")
    if len(runs) < 2:
        raise UsageError(f"{len(runs)} run is too few to compare; give at least two folders")
    pairs = list(combinations(range(len(runs)), 2)) if all_pairs else [(0, n) for n in range(1, len(runs))]
    if not force:
        for first, second in pairs:
            check_comparable(runs[first], runs[second])
    outcomes = [RunOutcomes.of(run) for run in runs]
    found = [_Pair.of(outcomes[first], outcomes[second]).compared(seed) for first, second in pairs]
    adjusted = holm([pair.p_value for pair in found])
    return Comparison(
        runs=tuple(each.side() for each in outcomes),
        pairs=tuple(
            pair.model_copy(update={"p_adjusted": p}) for pair, p in zip(found, adjusted, strict=True)
        ),
        forced=force,
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """The samples of one task that both runs have scored."""

    place: TaskPlace
    first: Sequence[SampleOutcome]
    second: Sequence[SampleOutcome]
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two runs, aligned."""

    first: RunOutcomes
    second: RunOutcomes
    tasks: Sequence[_Task]
    left_out: int

    @classmethod
    def of(cls, first: RunOutcomes, second: RunOutcomes) -> _Pair:
        tasks = []
        for place in sorted(first.tasks.keys() & second.tasks.keys()):
            one, other = first.tasks[place], second.tasks[place]
            shared = sorted(one.keys() & other.keys())
            same = first.run.tasks[place].digest == second.run.tasks[place].digest
            if shared and same:
                sides = [one[n] for n in shared], [other[n] for n in shared]
                tasks.append(_Task(place, *sides, first.groups[place]))
        every = first.run.tasks.keys() | second.run.tasks.keys()
        if not tasks:
            raise UsageError(
                f"{first.run.name} and {second.run.name} share no task that both have scored; "
                "evaluate both on the same sets"
            )
        return cls(first, second, tasks, len(every) - len(tasks))

    def compared(self, seed: int) -> PairComparison:
        """All that is said of the pair; its p-value is not corrected for other pairs yet."""
        differences = _differences(self.tasks)
        error = paired_standard_error(differences)
        seen = fmean(differences)
        single = all(len(task.first) == 1 for task in self.tasks)
        solved = [
            [task.first[0].solved for task in self.tasks],
            [task.second[0].solved for task in self.tasks],
        ]
        mcnemar = mcnemar_test(*solved) if single else None
        p_value = permutation_test(differences, seed=seed)
        return PairComparison(
            first=self.first.run.name,
            second=self.second.run.name,
            changes=_told_changes(self.first.run, self.second.run),
            tasks=len(self.tasks),
            samples=sum(len(task.first) for task in self.tasks),
            left_out=self.left_out,
            first_rate=_rate(task.first for task in self.tasks),
            second_rate=_rate(task.second for task in self.tasks),
            difference=seen,
            interval=_rate_interval(self.tasks, seed),
            standard_error=error,
            p_value=p_value,
            p_adjusted=p_value,
            first_only=mcnemar.first_only if mcnemar else None,
            second_only=mcnemar.second_only if mcnemar else None,
            mcnemar_p_value=mcnemar.p_value if mcnemar else None,
            detectable=minimal_detectable_effect(error) if error else None,
            tasks_needed=tasks_needed(seen, error * sqrt(len(self.tasks))) if error and seen else None,
            measures={name: self._measure(of, seed) for name, of in _MEASURES.items()},
            groups=self._groups(seed),
        )

    def _measure(self, of: _Values, seed: int) -> MeasureDifference:
        first = fmean(fmean(map(of, task.first)) for task in self.tasks)
        second = fmean(fmean(map(of, task.second)) for task in self.tasks)
        interval = _interval(self.tasks, of, seed)
        return MeasureDifference(first=first, second=second, difference=second - first, interval=interval)

    def _groups(self, seed: int) -> dict[str, dict[str, GroupDifference]]:
        """Differences within groups of tasks; one group, or those of another way, say nothing new."""
        kept: dict[tuple[str, str], list[_Task]] = {}
        splits = []
        for way in TASK_WAYS:
            members: dict[str, list[_Task]] = defaultdict(list)
            for task in self.tasks:
                members[task.groups[way]].append(task)
            split = {frozenset(task.place for task in tasks) for tasks in members.values()}
            if len(split) > 1 and split not in splits:
                splits.append(split)
                kept |= {(way, name): tasks for name, tasks in sorted(members.items())}
        p_values = [permutation_test(_differences(tasks), seed=seed) for tasks in kept.values()]
        adjusted = benjamini_hochberg(p_values)
        groups: dict[str, dict[str, GroupDifference]] = defaultdict(dict)
        for ((way, name), tasks), p_value, corrected in zip(kept.items(), p_values, adjusted, strict=True):
            groups[way][name] = GroupDifference(
                tasks=len(tasks),
                first=_rate(task.first for task in tasks),
                second=_rate(task.second for task in tasks),
                difference=fmean(_differences(tasks)),
                interval=_rate_interval(tasks, seed),
                p_value=p_value,
                p_adjusted=corrected,
            )
        return dict(groups)


def _solved(outcome: SampleOutcome) -> float:
    return float(outcome.solved)


def _rate(sides: Iterable[Sequence[SampleOutcome]]) -> float:
    return fmean(fmean(map(_solved, outcomes)) for outcomes in sides)


def _differences(tasks: Sequence[_Task]) -> list[float]:
    return [fmean(map(_solved, task.second)) - fmean(map(_solved, task.first)) for task in tasks]


def _interval(tasks: Sequence[_Task], of: _Values, seed: int) -> Interval:
    return paired_bootstrap_interval(*_sides(tasks, of), seed=seed)


def _rate_interval(tasks: Sequence[_Task], seed: int) -> Interval:
    return paired_rate_interval(*_sides(tasks, _solved), seed=seed)


def _sides(tasks: Sequence[_Task], of: _Values) -> tuple[list[list[float]], list[list[float]]]:
    """The values of both runs, those of one task together."""
    return (
        [[of(outcome) for outcome in task.first] for task in tasks],
        [[of(outcome) for outcome in task.second] for task in tasks],
    )


def _told_changes(first: EvaluatedRun, second: EvaluatedRun) -> tuple[str, ...]:
    """Settings that differ; the prompt is named where nothing else of the environment explains it."""
    changes = changes_between(first, second)
    explained = any(change.path.startswith("environment.") for change in changes)
    return tuple(str(change) for change in changes if not (explained and change.path == "prompt"))
