"""What one report is about: its runs, and their evaluations side by side, each with a label and a colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ..records.run_data import EVALUATION, RunData
from ..rollouts.episode import Episode

COLOURS = 6
"""So many colours of arms the style sheet has, beside those of `before` and `after`."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One evaluation: all episodes of a run that were played alike."""

    run: int
    """Which of the report's runs it is of."""
    name: str
    """What the run calls it."""
    label: str
    style: str
    """Suffix of its colour class."""
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report shows."""

    runs: tuple[RunData, ...]
    names: tuple[str, ...]
    """The runs' names, each a different one."""
    arms: tuple[Arm, ...]

    @classmethod
    def of(cls, runs: Sequence[RunData]) -> Self:
        """Puts runs side by side."""
        names = _distinct([run.name for run in runs])
        arms: list[Arm] = []
        plain = int(len(runs) == 1 and runs[0].is_training)  # the first colour is that of `after`
        for number, run in enumerate(runs):
            for name, episodes in run.arms.items():
                label = arm_name(name) if len(runs) == 1 else _label(names[number], name, run)
                style = name if len(runs) == 1 and name in ("before", "after") else f"arm-{plain % COLOURS}"
                plain += style.startswith("arm-")
                if name == EVALUATION and len(runs) == 1:
                    label = names[number]
                arms.append(Arm(number, name, label, style, episodes))
        return cls(tuple(runs), names, tuple(arms))

    @property
    def trainings(self) -> tuple[tuple[int, RunData], ...]:
        """The runs with training episodes or numbers of a trainer, and their places."""
        return tuple((n, run) for n, run in enumerate(self.runs) if run.train or run.metrics)

    @property
    def title(self) -> str:
        """The runs' names."""
        shown = ", ".join(self.names[:3])
        return shown if len(self.names) <= 3 else f"{shown} and {len(self.names) - 3} more"

    @property
    def groups(self) -> tuple[Arm, ...]:
        """All episodes, training included, by how they were played."""
        train = tuple(
            Arm(n, "train", self.train_label(n), "train", run.train)
            for n, run in enumerate(self.runs)
            if run.train
        )
        return (*self.arms, *train)

    def train_label(self, run: int) -> str:
        """What the training episodes of a run are called."""
        return "train" if len(self.runs) == 1 else f"{self.names[run]} · train"


def arm_name(arm: str) -> str:
    """`after-no-interpreter` as `after, no interpreter`."""
    return arm.replace("-", ", ", 1).replace("-", " ").replace("_", " ")


def _label(run_name: str, arm: str, run: RunData) -> str:
    return run_name if set(run.arms) == {EVALUATION} else f"{run_name} · {arm_name(arm)}"


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(names)
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name] += 1
        told.append(name if counts[name] == 1 else f"{name} ({seen[name]})")
    return tuple(told)
