"""A line for every message that an engine was asked for: all trainers write the same, and are read alike."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Note:
    """One message."""

    step: int
    begin: float
    """Seconds of the machine's clock."""
    end: float
    prompt: int
    """Tokens of its context."""
    made: int
    """Tokens that were sampled."""
    first: bool
    """Whether an episode begins with it."""

    def write(self, path: Path) -> None:
        """Appends it to a file."""
        with path.open("a") as file:
            file.write(json.dumps(asdict(self)) + "\n")


@dataclass(frozen=True, slots=True)
class Step:
    """What one step took and did."""

    number: int
    seconds: float
    """To the beginning of the next one."""
    engine: float
    """Seconds in which at least one message was being sampled."""
    episodes: int
    messages: int
    prompt: int
    made: int


def read_notes(path: Path) -> list[Note]:
    """All notes of a file."""
    return [Note(**json.loads(line)) for line in path.read_text().splitlines()]


def steps_of(notes: Iterable[Note], warm_up: int = 1) -> list[Step]:
    """The steps but the first ones, and but the last, whose end nobody saw."""
    by_step: dict[int, list[Note]] = {}
    for note in notes:
        by_step.setdefault(note.step, []).append(note)
    numbers = sorted(by_step)
    begins = {number: min(note.begin for note in by_step[number]) for number in numbers}
    pairs = list(pairwise(numbers))[warm_up:]
    return [_step(number, by_step[number], begins[after] - begins[number]) for number, after in pairs]


def _step(number: int, notes: Sequence[Note], seconds: float) -> Step:
    return Step(
        number=number,
        seconds=seconds,
        engine=_covered((note.begin, note.end) for note in notes),
        episodes=sum(note.first for note in notes),
        messages=len(notes),
        prompt=sum(note.prompt for note in notes),
        made=sum(note.made for note in notes),
    )


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of the union."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def work_of(steps: Sequence[Step]) -> dict[str, float]:
    """What was done, so that it can be seen to be the same."""
    episodes = sum(step.episodes for step in steps)
    return {
        "episodes a step": statistics.mean(step.episodes for step in steps),
        "messages an episode": sum(step.messages for step in steps) / episodes,
        "calls an episode": sum(step.messages for step in steps) / episodes - 1,
        "tokens sampled an episode": sum(step.made for step in steps) / episodes,
        "tokens of contexts an episode": sum(step.prompt for step in steps) / episodes,
    }
