"""The parts of the report as HTML: tiles, table, charts, run details.

Every text that comes from a run passes `escape`; missing pieces are said to be missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from statistics import fmean
from typing import Any

from ...rewards.quality import difficulty_rank
from ..evaluation.evaluation_summary import EvaluationSummary, success_interval
from ..rollouts.episode import Episode
from ..rollouts.episode_level import level_of
from . import format as shown
from .chart import Axes, Series, line_chart
from .curves import by_step, mean_curve, metric_curve, success_curve, window_of
from .interval_chart import RateRow, interval_chart
from .run_data import RunData

_HEALTH = (
    (
        ("training/rollout_probs_diff_max",),
        "Rollout against trainer, largest probability difference",
        "difference",
        True,
    ),
    (("actor/grad_norm", "critic/grad_norm"), "Gradient norm", "norm", False),
    (("actor/entropy", "actor/entropy_loss"), "Policy entropy", "nats per token", False),
    (("actor/kl_loss", "actor/ppo_kl", "critic/kl"), "KL divergence", "nats per token", False),
    (("actor/pg_loss",), "Policy-gradient loss", "loss", False),
    (("timing_s/step", "perf/time_per_step"), "Time per step", "seconds", False),
)
"""Keys (the first one that is present is shown), title, unit, logarithmic."""


def arm_name(arm: str) -> str:
    """`after-no-interpreter` as `after, no interpreter`."""
    return arm.replace("-", ", ", 1).replace("-", " ").replace("_", " ")


def arms_table(run: RunData) -> str:
    """One row per arm; `before` and `after` have a row even when missing."""
    arms = list(run.arms) + [arm for arm in ("before", "after") if arm not in run.arms]
    heads = (
        "arm",
        "solved",
        "95 % interval",
        "episodes",
        "tasks",
        "turns",
        "tool calls",
        "reward",
        "failures",
    )
    rows = []
    styles = arm_styles(run)
    for arm in arms:
        cells = [f'<th scope="row"><i class="swatch c-{styles[arm]}"></i>{escape(arm_name(arm))}</th>']
        if arm not in run.arms:
            rows.append(
                f'<tr>{cells[0]}<td colspan="{len(heads) - 1}" class="missing">missing so far</td></tr>'
            )
            continue
        summary = EvaluationSummary.of(run.arms[arm])
        values = (
            f"<b>{shown.percent(summary.pass_at_1)}</b>",
            shown.interval(summary.interval),
            f"{summary.scored:,}",
            f"{len(summary.tasks):,}",
            shown.number(summary.mean_turns),
            shown.number(summary.mean_tool_calls),
            shown.number(summary.mean_reward),
            _failures(summary),
        )
        rows.append(f"<tr>{cells[0]}{''.join(f'<td>{value}</td>' for value in values)}</tr>")
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    table = f'<table class="numbers"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def protocols_lines(run: RunData) -> str:
    """For each arm, in which protocols its messages were written, and how exact its ids are."""
    summaries = {arm: EvaluationSummary.of(episodes) for arm, episodes in run.arms.items()}
    return "<br>".join(
        escape("; ".join(filter(None, (f"{arm_name(arm)}: {each.protocols_line}", each.ids_line))))
        for arm, each in summaries.items()
    )


def arms_chart(run: RunData) -> str:
    """Success of every arm with its interval."""
    styles = arm_styles(run)
    rows = [_rate_row(arm_name(arm), styles[arm], episodes) for arm, episodes in run.arms.items()]
    if not rows:
        return _nothing("No held-out episodes yet.")
    return interval_chart([("", rows)], label="Success by arm", x_label="held-out episodes solved")


def levels_chart(run: RunData) -> str:
    """Success by level, each arm a row."""
    found = {level_of(e) for episodes in run.arms.values() for e in episodes}
    levels = sorted(found, key=difficulty_rank)
    if not levels:
        return _nothing("No held-out episodes yet.")
    groups, styles = [], arm_styles(run)
    for level in levels:
        rows = []
        for arm, episodes in run.arms.items():
            own = [e for e in episodes if level_of(e) == level]
            rows.append(_rate_row(arm_name(arm), styles[arm], own))
        groups.append((f"level {level}" if level[:1].isdigit() else level, rows))
    return interval_chart(groups, label="Success by level and arm", x_label="held-out episodes solved")


def learning_curve(run: RunData) -> str:
    """Success over training in two widths, of which the page shows the fitting one."""
    steps = by_step(run.train)
    if not steps:
        return _nothing("No training episodes yet.")
    curve = success_curve(steps)
    axes = Axes("training step", "episodes solved", lambda v: f"{v:.0%}", (0.0, 1.0))
    return _wide_or_narrow([curve], axes, "Share of training episodes solved, by step")


def learning_caption(run: RunData) -> str:
    """What the learning curve is made of."""
    steps = by_step(run.train)
    count = sum(map(len, steps.values()))
    failed = sum(e.failure is not None for e in run.train)
    if not count:
        return ""
    per_step = f"{min(map(len, steps.values()))}–{max(map(len, steps.values()))}".split("–")
    spread = per_step[0] if per_step[0] == per_step[1] else "–".join(per_step)
    width = window_of(len(steps))
    pooled = f"mean over {width} neighbouring steps" if width > 1 else "the same"
    return (
        f"Points: one step ({spread} scored episodes each). Line: {pooled}. "
        f"Band: 95 % interval of that mean, bootstrapped by task. n = {count:,} episodes of "
        f"{len({e.task_id for e in run.train}):,} tasks, {failed:,} failures left out. "
        f"{escape(seeds_of(run))}"
    )


def turns_chart(run: RunData) -> str:
    """Turns and tool calls per episode over training."""
    steps = by_step(run.train)
    if not steps:
        return _nothing("No training episodes yet.")
    series = [
        mean_curve(steps, "turns", "turns", lambda e: len(e.turns)),
        mean_curve(steps, "tool calls", "calls", lambda e: e.tool_calls),
    ]
    return legend(series) + line_chart(
        series,
        Axes("training step", "mean per episode", shown.number),
        label="Turns and tool calls per episode, by step",
    )


def reward_chart(run: RunData) -> str:
    """Mean reward per episode over training."""
    steps = by_step(run.train)
    if not steps:
        return _nothing("No training episodes yet.")
    series = [mean_curve(steps, "reward", "reward", lambda e: e.reward or 0.0)]
    axes = Axes("training step", "mean reward per episode", shown.number)
    return line_chart(series, axes, label="Mean reward per episode, by step")


def health_charts(run: RunData) -> str:
    """The trainer's own numbers, as cards; those that the run did not log are left out."""
    cards = []
    for keys, title, unit, log in _HEALTH:
        key = next((key for key in keys if any(key in data for data in run.metrics.values())), None)
        if key is None:
            continue
        curve = metric_curve(run.metrics, key, "health")
        values = [y for _, y in curve.line]
        chart = line_chart([curve], Axes("training step", unit, shown.number, log=log), label=title)
        told = f"last {shown.number(values[-1])} · largest {shown.number(max(values))}"
        note = f"<code>{escape(key)}</code> · {told}"
        cards.append(
            f'<figure class="card"><h3>{escape(title)}</h3>{chart}<figcaption>{note}</figcaption></figure>'
        )
    return "".join(cards) or _nothing("No numbers of the trainer yet (metrics.jsonl).")


def tiles(run: RunData) -> str:
    """The few numbers to see first."""
    steps = by_step(run.train)
    found: list[tuple[str, str, str]] = []
    for arm in ("before", "after"):
        if arm in run.arms:
            summary = EvaluationSummary.of(run.arms[arm])
            found.append(
                (shown.percent(summary.pass_at_1), f"solved {arm} training", shown.interval(summary.interval))
            )
    if run.metrics or steps:
        last = max([*run.metrics, *steps])
        found.append((f"{last:,}", "training steps", f"{len(run.train):,} episodes"))
    seconds = [d[k] for d in run.metrics.values() for k in ("timing_s/step", "perf/time_per_step") if k in d]
    if seconds:
        found.append(
            (shown.duration(fmean(seconds)), "per training step", f"{shown.duration(sum(seconds))} in all")
        )
    gaps = [
        d["training/rollout_probs_diff_max"]
        for d in run.metrics.values()
        if "training/rollout_probs_diff_max" in d
    ]
    if gaps:
        found.append((shown.number(max(gaps)), "rollout against trainer", "largest probability difference"))
    cells = (
        f"<div><strong>{escape(a)}</strong><span>{escape(b)}</span><small>{escape(c)}</small></div>"
        for a, b, c in found
    )
    return "".join(cells)


def seeds_of(run: RunData) -> str:
    """The seeds of the run, in words."""
    config = run.info.get("config")
    told = (
        [v for k, v in _flat(config) if k.split(".")[-1] in ("seed", "seeds")]
        if isinstance(config, Mapping)
        else []
    )
    return f"Seed: {', '.join(dict.fromkeys(told))}." if told else "Seed: not recorded."


def details(run: RunData) -> str:
    """Configuration, command, hardware and versions."""
    blocks = []
    for key, value in run.info.items():
        if key == "name":
            continue
        if isinstance(value, Mapping):
            rows = "".join(
                f'<tr><th scope="row">{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in _flat(value)
            )
            blocks.append(
                f'<h3>{escape(str(key))}</h3><div class="scroll"><table class="plain">{rows}</table></div>'
            )
        else:
            blocks.append(f"<h3>{escape(str(key))}</h3><pre>{escape(_text(value))}</pre>")
    return "".join(blocks) or _nothing("run.json is missing.")


def legend(series: Iterable[Series]) -> str:
    """Names and colours of several lines."""
    items = (f'<span><i class="swatch c-{one.style}"></i>{escape(one.name)}</span>' for one in series)
    return f'<div class="legend">{"".join(items)}</div>'


def arm_styles(run: RunData) -> dict[str, str]:
    """The colour class of every arm; `before` and `after` keep theirs in all reports."""
    others = [arm for arm in run.arms if arm not in ("before", "after")]
    return {"before": "before", "after": "after"} | {arm: f"arm-{n % 6}" for n, arm in enumerate(others)}


def _wide_or_narrow(series: Sequence[Series], axes: Axes, label: str) -> str:
    wide = line_chart(series, axes, label=label, width=1080, height=330)
    narrow = line_chart(series, axes, label=label)
    return f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>'


def _rate_row(name: str, style: str, episodes: Sequence[Episode]) -> RateRow:
    scored = [e for e in episodes if e.failure is None]
    if not scored:
        return RateRow(name, style, None, None)
    solved = sum(e.solved for e in scored)
    interval = success_interval(scored)
    note = f"{name}: {solved:,} of {len(scored):,} episodes solved, 95 % interval {shown.interval(interval)}"
    return RateRow(name, style, solved / len(scored), interval, note)


def _failures(summary: EvaluationSummary) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in summary.failures.items())
    return f'<span class="warn">{escape(kinds)}</span>' if kinds else "0"


def _flat(value: Mapping[Any, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, item in value.items():
        path = f"{prefix}{key}"
        rows += _flat(item, f"{path}.") if isinstance(item, Mapping) and item else [(path, _text(item))]
    return rows


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _nothing(text: str) -> str:
    return f'<p class="missing">{escape(text)}</p>'
