"""What one run of one trainer gave, as figures of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from train_step_notes import Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """All measured steps of one run, by their numbers where the trainer tells of them itself."""

    steps: list[Step]
    update: Mapping[int, float]
    """Seconds of forward, backward and optimiser."""
    reward: Mapping[int, float]
    """The mean of a step."""
    parts: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    """The trainer's own account."""
    version: str = ""
    """The trainer's."""

    def samples(self) -> dict[str, list[float]]:
        """The figures of each step."""
        made: dict[str, list[float]] = {}
        for step in self.steps:
            update = self.update[step.number]
            rest = step.seconds - step.engine - update
            figures = {
                "seconds a step": step.seconds,
                "episodes per second": step.episodes / step.seconds,
                "generation": step.engine,
                "update": update,
                "the rest": rest,
                "share of the rest": rest / step.seconds,
                "reward": self.reward[step.number],
            }
            for name, value in figures.items():
                made.setdefault(name, []).append(value)
        return made
