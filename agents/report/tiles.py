"""The few numbers of a report to see first."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..evaluation.evaluation_summary import EvaluationSummary
from ..records.episode_traits import written_tokens
from ..records.run_data import RunData
from ..rollouts.task_place import TaskPlace
from . import format as shown
from .report_data import ReportData
from .training_section import mean_step_seconds

_Tile = tuple[str, str, str]


def tiles(data: ReportData) -> str:
    """Number, what it is, and how sure or large it is."""
    found = [*_evaluations(data), *(tile for _, run in data.trainings[:1] for tile in _training(run))]
    if not data.trainings:
        found += _effort(data)
    return "".join(
        f"<div><strong>{escape(a)}</strong><span>{escape(b)}</span><small>{escape(c)}</small></div>"
        for a, b, c in found[:8]
    )


def _evaluations(data: ReportData) -> Iterator[_Tile]:
    arms = [arm for arm in data.arms if arm.name in ("before", "after")] if len(data.runs) == 1 else data.arms
    for arm in (arms or data.arms)[:4]:
        summary = EvaluationSummary.of(arm.episodes)
        about = f"solved {arm.label} training" if arm.name in ("before", "after") and arms else arm.label
        about = arm.label if len(data.runs) > 1 else about
        yield shown.percent(summary.pass_at_1), about, shown.interval(summary.interval)


def _training(run: RunData) -> Iterator[_Tile]:
    steps = {*run.metrics, *(e.step for e in run.train if e.step is not None)}
    if steps:
        told = "" if run.is_supervised else f"{len(run.train):,} episodes"
        yield f"{max(steps):,}", "training steps", told
    seconds = mean_step_seconds(run)
    if seconds is not None:
        yield shown.duration(seconds[0]), "per training step", f"{shown.duration(seconds[1])} in all"
    key = "training/rollout_probs_diff_max"
    gaps = [numbers[key] for numbers in run.metrics.values() if key in numbers]
    if gaps:
        yield shown.number(max(gaps)), "rollout against trainer", "largest probability difference"


def _effort(data: ReportData) -> Iterator[_Tile]:
    episodes = [episode for arm in data.arms for episode in arm.episodes]
    scored = [episode for episode in episodes if episode.failure is None]
    failed = len(episodes) - len(scored)
    tasks = len(set(map(TaskPlace.of, episodes)))
    yield f"{len(episodes):,}", "episodes", f"{tasks:,} tasks, {failed:,} failures"
    if scored:
        turns = sum(len(episode.turns) for episode in scored)
        yield shown.number(turns / len(scored)), "turns an episode", f"{turns:,} in all"
        seconds = sum(episode.seconds for episode in scored)
        yield shown.duration(seconds / len(scored)), "an episode", f"{shown.duration(seconds)} in all"
    tokens = sum(map(written_tokens, episodes))
    if tokens:
        yield f"{tokens:,}", "tokens written", f"{shown.number(tokens / len(episodes))} an episode"
