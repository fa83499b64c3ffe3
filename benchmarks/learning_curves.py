"""The picture of a learning study: reward over training, and held-out success before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from learning_runs import LearningRun

_COLOURS = ("#0072b2", "#d55e00", "#666666", "#009e73")
"""Told apart by colour-blind readers (Okabe and Ito)."""


def draw(runs: Sequence[LearningRun], modes: Sequence[str], path: Path) -> None:
    """Draws a line for each run and their mean, and a pair of bars for each mode."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), width_ratios=(3, 2))
    for place, (mode, colour) in enumerate(zip(modes, _COLOURS, strict=False)):
        own = [run for run in runs if run.mode == mode]
        if not own:
            continue
        for run in own:
            left.plot(range(1, run.steps + 1), run.curve, color=colour, alpha=0.3, linewidth=0.9)
        shortest = min(run.steps for run in own)
        means = [fmean(run.curve[step] for run in own) for step in range(shortest)]
        left.plot(range(1, shortest + 1), means, color=colour, linewidth=2.2, label=mode)
        for shift, arm, alpha in ((-0.2, "before", 0.35), (0.2, "after", 1.0)):
            rates = [100 * run.rate(arm) for run in own]
            right.bar(place + shift, fmean(rates), 0.38, color=colour, alpha=alpha)
            right.scatter([place + shift] * len(rates), rates, s=14, color="black", zorder=3)
    left.set(xlabel="step of GRPO", ylabel="mean training reward", ylim=(0, 1))
    left.legend(frameon=False, loc="upper left")
    right.set(ylabel="held-out success, %", ylim=(0, 100))
    right.set_xticks(range(len(modes)), [f"{mode}\nbefore | after" for mode in modes], fontsize=8)
    for panel in (left, right):
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=140)
