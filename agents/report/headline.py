"""What came of the runs, in one sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from ..evaluation.evaluation_summary import EvaluationSummary
from ..evaluation.statistics import Interval, paired_rate_interval
from ..records.run_data import RunData
from ..rollouts.episode import Episode
from ..rollouts.task_place import TaskPlace
from . import format as shown
from .report_data import Arm, ReportData


def headline(data: ReportData) -> str:
    """The change by training, the difference of two evaluations, or how far things are."""
    if all(run.is_supervised for run in data.runs):
        return " ".join(map(_of_supervised, data.runs))
    if len(data.runs) == 1 and data.runs[0].is_training:
        return _of_training(data.runs[0])
    known = [(arm, EvaluationSummary.of(arm.episodes)) for arm in data.arms]
    known = [(arm, summary) for arm, summary in known if summary.pass_at_1 is not None]
    if not known:
        return "No scored episodes yet."
    if len(known) == 1:
        ((_, only),) = known
        return (
            f"{shown.percent(only.pass_at_1)} of {_tasks(only, 'tasks')} solved by {only.policy} "
            f"(95 % interval {shown.interval(only.interval)})."
        )
    if len(known) == 2:
        return _difference(*known)
    best, worst = (pick(known, key=lambda pair: pair[1].pass_at_1 or 0.0) for pick in (max, min))
    return (
        f"{len(known)} evaluations solve from {shown.percent(worst[1].pass_at_1)} ({worst[0].label}) "
        f"to {shown.percent(best[1].pass_at_1)} ({best[0].label})."
    )


def paired_difference(before: Sequence[Episode], after: Sequence[Episode]) -> tuple[float, Interval] | None:
    """The mean change of success over the tasks of both, with its interval bootstrapped by task."""
    first, second = _rates(before), _rates(after)
    both = [task for task in first if task in second]
    if not both:
        return None
    difference = fmean(second[task] - first[task] for task in both)
    interval = paired_rate_interval([[first[task]] for task in both], [[second[task]] for task in both])
    return difference, interval


def _of_training(run: RunData) -> str:
    before, after = (EvaluationSummary.of(run.arms.get(arm, ())) for arm in ("before", "after"))
    steps = max([*run.metrics, *(e.step for e in run.train if e.step is not None)], default=0)
    if after.pass_at_1 is not None:
        start = f"After {steps:,} training steps the model" if steps else "The model"
        against = ""
        if before.pass_at_1 is not None:
            against = f", against {shown.percent(before.pass_at_1)} before"
            against += _change(run.arms["before"], run.arms["after"])
        return f"{start} solves {shown.percent(after.pass_at_1)} of {_tasks(after)}{against}."
    scored = [episode.solved for episode in run.train if episode.failure is None]
    if scored:
        rate = f"{shown.percent(fmean(scored))} of the training episodes solved"
        return f"{steps:,} training steps so far, {rate}; no evaluation after training yet."
    if before.pass_at_1 is not None:
        solved = f"{shown.percent(before.pass_at_1)} of {_tasks(before)}"
        return f"Before training the model solves {solved}; no training steps yet."
    return "No episodes yet."


def _of_supervised(run: RunData) -> str:
    losses = {
        key: [numbers[key] for numbers in run.metrics.values() if key in numbers]
        for key in ("train/loss", "val/loss")
    }
    if not losses["train/loss"]:
        return "No training steps yet."
    held = f", on what is held out {losses['val/loss'][-1]:.4f}" if losses["val/loss"] else ""
    return f"After {max(run.metrics):,} steps the loss is {losses['train/loss'][-1]:.4f}{held}."


def _difference(one: tuple[Arm, EvaluationSummary], two: tuple[Arm, EvaluationSummary]) -> str:
    change = _change(one[0].episodes, two[0].episodes)
    return (
        f"{two[0].label} solves {shown.percent(two[1].pass_at_1)} of {_tasks(two[1], 'tasks')}, "
        f"{one[0].label} {shown.percent(one[1].pass_at_1)}{change}."
    )


def _change(before: Sequence[Episode], after: Sequence[Episode]) -> str:
    change = paired_difference(before, after)
    if change is None:
        return ""
    low, high = (shown.points(end).removesuffix(" points") for end in (change[1].low, change[1].high))
    return f": {shown.points(change[0])} (95 % interval {low} to {high}, paired by task)"


def _rates(episodes: Sequence[Episode]) -> dict[TaskPlace, float]:
    solved: defaultdict[TaskPlace, list[bool]] = defaultdict(list)
    for episode in episodes:
        if episode.failure is None:
            solved[TaskPlace.of(episode)].append(episode.solved)
    return {place: fmean(outcomes) for place, outcomes in solved.items()}


def _tasks(summary: EvaluationSummary, tasks: str = "held-out tasks") -> str:
    episodes = f" ({summary.scored:,} episodes)" if summary.scored != len(summary.tasks) else ""
    return f"{len(summary.tasks):,} {tasks}{episodes}"
