"""What came of a run, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from ..evaluation.evaluation_summary import EvaluationSummary
from ..evaluation.statistics import Interval, bootstrap_interval
from ..rollouts.episode import Episode
from . import format as shown
from .run_data import RunData


def headline(run: RunData) -> str:
    """The change on held-out tasks, or how far the run is."""
    before, after = (EvaluationSummary.of(run.arms.get(arm, ())) for arm in ("before", "after"))
    steps = max([*run.metrics, *(e.step for e in run.train if e.step is not None)], default=0)
    if after.pass_at_1 is not None:
        start = f"After {steps:,} training steps the model" if steps else "The model"
        against = _against(run, before) if before.pass_at_1 is not None else ""
        return f"{start} solves {shown.percent(after.pass_at_1)} of {_tasks(after)}{against}."
    scored = [episode.solved for episode in run.train if episode.failure is None]
    if scored:
        rate = f"{shown.percent(fmean(scored))} of the training episodes solved"
        return f"{steps:,} training steps so far, {rate}; no evaluation after training yet."
    if before.pass_at_1 is not None:
        solved = f"{shown.percent(before.pass_at_1)} of {_tasks(before)}"
        return f"Before training the model solves {solved}; no training steps yet."
    return "No episodes yet."


def paired_difference(before: Sequence[Episode], after: Sequence[Episode]) -> tuple[float, Interval] | None:
    """The mean change of success over the tasks of both, with its interval bootstrapped by task."""
    first, second = _rates(before), _rates(after)
    both = [task for task in first if task in second]
    if not both:
        return None
    differences = [second[task] - first[task] for task in both]
    return fmean(differences), bootstrap_interval([[value] for value in differences])


def _against(run: RunData, before: EvaluationSummary) -> str:
    text = f", against {shown.percent(before.pass_at_1)} before"
    change = paired_difference(run.arms["before"], run.arms["after"])
    if change is None:
        return text
    low, high = (shown.points(end).removesuffix(" points") for end in (change[1].low, change[1].high))
    return f"{text}: {shown.points(change[0])} (95 % interval {low} to {high}, paired by task)"


def _rates(episodes: Sequence[Episode]) -> dict[str, float]:
    return {
        task.task_id: task.solved / task.scored
        for task in EvaluationSummary.of(episodes).tasks
        if task.scored
    }


def _tasks(summary: EvaluationSummary) -> str:
    episodes = f" ({summary.scored:,} episodes)" if summary.scored != len(summary.tasks) else ""
    return f"{len(summary.tasks):,} held-out tasks{episodes}"
