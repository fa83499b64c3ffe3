"""All that was measured in one training step, and its line in `metrics.jsonl`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from ..line_log import whole_lines
from ..rollouts.episode import Episode
from .metric import METRICS


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The metrics of a step."""

    step: int
    values: Mapping[str, float] = field(default_factory=dict)
    """By the names of `METRICS`, and by verl's own names."""
    broken: tuple[str, ...] = ()
    """Names of metrics that are no number, though training needs them to be."""
    episodes: tuple[Episode, ...] = ()
    """A few episodes of the step, for a person to read."""

    def line(self) -> str:
        """The record without its episodes, as a line of JSON."""
        data: dict[str, float | None] = {**self.values, **dict.fromkeys(self.broken)}
        return json.dumps({"step": self.step, "data": data}) + "\n"


def read_records(path: Path) -> Iterator[StepRecord]:
    """The records of a `metrics.jsonl`, in order; what is no record, as a torn last line, is passed over."""
    for _, line in whole_lines(path):
        try:
            record = json.loads(line)
            step, data = int(record["step"]), dict(record["data"])
        except (ValueError, KeyError, TypeError):
            continue
        values = {name: float(value) for name, value in data.items() if is_number(value)}
        broken = tuple(m.name for m in METRICS if m.finite and m.name in data.keys() - values.keys())
        yield StepRecord(step, values, broken)


def records_by_step(path: Path) -> list[StepRecord]:
    """The records of a `metrics.jsonl`, one a step: of what was said of a step twice, the later counts."""
    steps: dict[int, StepRecord] = {}
    for record in read_records(path):
        known = steps.get(record.step, record)
        steps[record.step] = StepRecord(record.step, {**known.values, **record.values}, record.broken)
    return [steps[step] for step in sorted(steps)]


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
