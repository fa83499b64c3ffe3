"""Learning over training steps, one line a run, and the trainer's own numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean
from typing import Any

from ..records.run_data import RunData
from ..rollouts.episode import Episode
from ..rollouts.episode_level import level_of
from . import format as shown
from .alert_list import alert_list
from .charts.line_chart import Axes, Series, line_chart
from .curves import Steps, by_step, mean_curve, mean_of, metric_curve, success_curve, window_of
from .markup import card, cards, legend, nothing
from .report_data import COLOURS, ReportData

_STEPS = (
    (("heldout/reward",), "Held-out reward", "mean reward", False),
    (("groups/none",), "Groups of which no episode is solved", "share of groups", False),
    (("groups/all",), "Groups of which every episode is solved", "share of groups", False),
    (("rollout/response_tokens",), "Length of responses", "tokens", False),
    (("rollout/truncated",), "Episodes without a submission", "share of episodes", False),
    (("tools/unused",), "Episodes that do not use the interpreter", "share of episodes", False),
    (("tools/cell_errors",), "Cells that raise", "share of cells", False),
    (("tools/kernel_wait_p99",), "Waiting for an interpreter, 99th percentile", "seconds", False),
    (("failures/share",), "Tries that the machine failed", "share of tries", False),
    (("time/environment_of_step",), "The environment's part of a step", "share of the step", False),
)
_SUPERVISED = (
    (("train/loss",), "Loss of learnt tokens", "nats per token", False),
    (("val/loss",), "Loss on what is held out", "nats per token", False),
    (("train/lr",), "Learning rate", "rate", False),
)
_HEALTH = (
    (
        ("training/rollout_probs_diff_max",),
        "Rollout against trainer, largest probability difference",
        "difference",
        True,
    ),
    (("actor/grad_norm", "critic/grad_norm", "train/grad_norm"), "Gradient norm", "norm", False),
    (("actor/entropy", "actor/entropy_loss"), "Policy entropy", "nats per token", False),
    (("actor/kl_loss", "actor/ppo_kl", "critic/kl"), "KL divergence", "nats per token", False),
    (("actor/pg_loss",), "Policy-gradient loss", "loss", False),
    (("timing_s/step", "perf/time_per_step"), "Time per step", "seconds", False),
)
"""Keys (the first one that is present is shown), title, unit, logarithmic."""
_NO_SEED = shown.setting(None)
_REWARD = ("critic/score/mean", "critic/rewards/mean")


@dataclass(frozen=True, slots=True)
class _Training:
    """One run as a line."""

    name: str
    style: str
    run: RunData
    steps: Steps


def training_section(data: ReportData) -> str:
    """The whole section; empty when no run trains."""
    trainings = _trainings(data)
    if not trainings and not any(run.is_training for run in data.runs):
        return ""
    health = cards(*_charts(trainings, _HEALTH)) or nothing("No numbers of the trainer yet (metrics.jsonl).")
    health = f"<section><h2>Health of the trainer</h2>{alert_list(data)}{health}</section>"
    return _learning(trainings) + health


def _learning(trainings: Sequence[_Training]) -> str:
    """What a run of reinforcement learning plays, or what a supervised one fits."""
    supervised = cards(*_charts(trainings, _SUPERVISED))
    if supervised:
        return f"<section><h2>Learning</h2>{supervised}</section>"
    curve = card("Training episodes solved", _success(trainings), _caption(trainings))
    smooth = "Points: mean of one step. Lines: mean over neighbouring steps."
    levels = _levels(trainings)
    side = cards(
        card("Reward", _reward(trainings), smooth),
        card("Turns and tool calls", _turns(trainings), smooth),
        *([card("Training episodes solved, by level", levels, smooth)] if levels else []),
    )
    steps = cards(*_charts(trainings, _STEPS))
    return f"<section><h2>Learning</h2>{curve}{side}</section>" + (
        f"<section><h2>Step by step</h2>{steps}</section>" if steps else ""
    )


def seeds_of(run: RunData) -> str:
    """The seeds of a run, in words."""
    config = run.info.get("config")
    flat = flat_settings(config) if isinstance(config, Mapping) else []
    told = [text for key, text in flat if key.split(".")[-1] in ("seed", "seeds") and text != _NO_SEED]
    return f"Seed: {', '.join(dict.fromkeys(told))}." if told else "Seed: not recorded."


def flat_settings(value: Mapping[Any, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as dotted names and texts."""
    rows: list[tuple[str, str]] = []
    for key, item in value.items():
        path = f"{prefix}{key}"
        nested = isinstance(item, Mapping) and item
        rows += flat_settings(item, f"{path}.") if nested else [(path, shown.setting(item))]
    return rows


def _trainings(data: ReportData) -> list[_Training]:
    found = data.trainings
    return [
        _Training(
            data.names[number],
            "after" if len(found) == 1 else f"arm-{place % COLOURS}",
            run,
            by_step(run.train),
        )
        for place, (number, run) in enumerate(found)
    ]


def _success(trainings: Sequence[_Training]) -> str:
    curves = [success_curve(t.steps, _name(t, "success"), t.style) for t in trainings if t.steps]
    if not curves:
        return nothing("No training episodes yet.")
    axes = Axes("training step", "episodes solved", lambda v: f"{v:.0%}", (0.0, 1.0))
    drawn = _with_mean(curves)
    label = "Share of training episodes solved, by step"
    wide = line_chart(drawn, axes, label=label, width=1080, height=330)
    narrow = line_chart(drawn, axes, label=label)
    key = legend(drawn) if len(drawn) > 1 else ""
    return f'{key}<div class="wide">{wide}</div><div class="narrow">{narrow}</div>'


def _reward(trainings: Sequence[_Training]) -> str:
    curves = []
    for t in trainings:
        style = "reward" if len(trainings) == 1 else t.style
        key = next((k for k in _REWARD if any(k in numbers for numbers in t.run.metrics.values())), None)
        if t.steps:
            curves.append(mean_curve(t.steps, _name(t, "reward"), style, lambda e: e.reward or 0.0))
        elif key is not None:
            curves.append(metric_curve(t.run.metrics, key, style, _name(t, "reward")))
    if not curves:
        return nothing("No training episodes yet.")
    drawn = _with_mean(curves)
    axes = Axes("training step", "mean reward per episode", shown.number)
    key = legend(drawn) if len(drawn) > 1 else ""
    return key + line_chart(drawn, axes, label="Mean reward per episode, by step")


def _turns(trainings: Sequence[_Training]) -> str:
    values: Sequence[tuple[str, str, Callable[[Episode], float]]] = (
        ("turns", "turns", lambda e: len(e.turns)),
        ("tool calls", "calls", lambda e: e.tool_calls),
    )
    one = len(trainings) == 1
    curves = [
        mean_curve(t.steps, name if one else t.name, style if one else t.style, value)
        for t in trainings
        if t.steps
        for name, style, value in (values if one else values[:1])
    ]
    if not curves:
        return nothing("No training episodes yet.")
    told = "mean per episode" if one else "mean turns per episode"
    axes = Axes("training step", told, shown.number)
    return legend(curves) + line_chart(curves, axes, label="Turns per episode, by step")


def _levels(trainings: Sequence[_Training]) -> str:
    """Success of each level, of one run; empty where there is one level, or more than can be told apart."""
    if len(trainings) != 1:
        return ""
    levels: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in trainings[0].run.train:
        levels[level_of(episode)].append(episode)
    if not 1 < len(levels) <= COLOURS:
        return ""
    curves = [
        mean_curve(by_step(levels[level]), level, f"arm-{place}", lambda e: float(e.solved))
        for place, level in enumerate(sorted(levels))
    ]
    axes = Axes("training step", "episodes solved", lambda v: f"{v:.0%}", (0.0, 1.0))
    return legend(curves) + line_chart(curves, axes, label="Share of training episodes solved, by level")


def _charts(
    trainings: Sequence[_Training], metrics: Sequence[tuple[tuple[str, ...], str, str, bool]]
) -> list[str]:
    made = []
    for keys, title, unit, log in metrics:
        curves, notes = [], []
        for t in trainings:
            key = next(
                (key for key in keys if any(key in numbers for numbers in t.run.metrics.values())), None
            )
            if key is not None:
                style = "health" if len(trainings) == 1 else t.style
                curves.append(metric_curve(t.run.metrics, key, style, t.name))
                values = [y for _, y in curves[-1].line]
                notes.append((key, values))
        if curves:
            chart = line_chart(curves, Axes("training step", unit, shown.number, log=log), label=title)
            made.append(card(title, (legend(curves) if len(curves) > 1 else "") + chart, _note(notes)))
    return made


def _note(notes: Sequence[tuple[str, Sequence[float]]]) -> str:
    names = ", ".join(f"<code>{escape(key)}</code>" for key in dict.fromkeys(key for key, _ in notes))
    largest = shown.number(max(max(values) for _, values in notes))
    last = f"last {shown.number(notes[0][1][-1])} · " if len(notes) == 1 else ""
    return f"{names} · {last}largest {largest}"


def _with_mean(curves: Sequence[Series]) -> list[Series]:
    """Several runs as thin lines without bands, and their mean."""
    if len(curves) == 1:
        return list(curves)
    return [*(Series(c.name, f"{c.style} thin", c.line) for c in curves), mean_of(curves)]


def _name(training: _Training, alone: str) -> str:
    return alone if training.style == "after" else training.name


def _caption(trainings: Sequence[_Training]) -> str:
    """What the learning curve is made of."""
    filled = [t for t in trainings if t.steps]
    if not filled:
        return ""
    if len(filled) > 1:
        seeds = "; ".join(f"{t.name}: {seeds_of(t.run)}" for t in filled)
        return f"Thin: each run, smoothed over neighbouring steps. Thick: mean of the runs. {escape(seeds)}"
    (one,) = filled
    sizes = [len(episodes) for episodes in one.steps.values()]
    spread = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)}–{max(sizes)}"
    width = window_of(len(one.steps))
    pooled = f"mean over {width} neighbouring steps" if width > 1 else "the same"
    failed = sum(e.failure is not None for e in one.run.train)
    return (
        f"Points: one step ({spread} scored episodes each). Line: {pooled}. "
        f"Band: 95 % interval of that mean, bootstrapped by task. n = {sum(sizes):,} episodes of "
        f"{len({e.task_id for e in one.run.train}):,} tasks, {failed:,} failures left out. "
        f"{escape(seeds_of(one.run))}"
    )


def mean_step_seconds(run: RunData) -> tuple[float, float] | None:
    """Mean and sum of the seconds of the steps; None when the trainer did not say."""
    keys = ("timing_s/step", "perf/time_per_step")
    seconds = [next((d[k] for k in keys if k in d), None) for d in run.metrics.values()]
    known = [value for value in seconds if value is not None]
    return (fmean(known), sum(known)) if known else None
