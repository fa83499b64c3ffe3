"""Procedural tasks in which interaction is necessary: call a hidden function, find it out, submit it.

The split of a task is a function of its hidden parameters alone (their hash), so that no parameters can
be in both splits, whatever seeds, sizes or levels are drawn.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Literal

from ..rewards.tests import CallCase, CallTests
from .hidden_world import Family, HiddenWorld
from .task import Task, TaskMetadata

Split = Literal["train", "heldout"]
LEVELS: dict[int, Family] = dict(enumerate(Family, start=1))
TREASURE = 100
"""Keys of a chain are smaller than this, its treasure is not."""
_TOLD = {
    Family.LINEAR: "f(x) = a*x + b with unknown integers a and b.",
    Family.CHAIN: f"f(0) is a key, f(key) is the next key. The first value of {TREASURE} or more is "
    "the treasure t. Find t; solution(x) is x + t.",
    Family.THRESHOLD: "f(x) is one value below an unknown threshold and another from it on. "
    "The threshold is between 1 and 15.",
    Family.QUADRATIC: "f(x) = a*x*x + b*x + c with unknown integers a, b and c.",
    Family.MODULAR: "f(x) = (a*x + b) % m with unknown a and b below m, and m between 5 and 23.",
}


def black_box_tasks(
    split: Split, levels: tuple[int, ...] = (1, 2, 3), size: int = 1000, seed: int = 0
) -> Iterator[Task]:
    """Draws distinct tasks, the levels in turn.

    Args:
        split: `train` or `heldout`; about one in five parameter sets is held out.
        levels: Keys of `LEVELS`.
        size: How many tasks; fewer come when a level has no more distinct parameters in the split.
        seed: Seed of the draw.

    Yields:
        Tasks whose ids name level, parameters and so the task itself, whatever the draw.
    """
    rng = random.Random(f"black-box {seed}")
    seen: set[tuple[Family, tuple[int, ...]]] = set()
    for index in range(size):
        family = LEVELS[levels[index % len(levels)]]
        for _ in range(1000):
            parameters = _draw(family, rng)
            if split_of(family, parameters) == split and (family, parameters) not in seen:
                seen.add((family, parameters))
                yield make_task(family, parameters)
                break


def split_of(family: Family, parameters: tuple[int, ...]) -> Split:
    """The split that these parameters belong to, for good."""
    digest = hashlib.sha256(f"{family}:{parameters}".encode()).digest()
    return "heldout" if digest[0] % 5 == 0 else "train"


def make_task(family: Family, parameters: tuple[int, ...]) -> Task:
    """The task with these hidden parameters; its tests are drawn from the parameters' own hash."""
    world = HiddenWorld(family=family, parameters=parameters)
    rng = random.Random(f"tests {family} {parameters}")
    points = sorted({0, 1, *(rng.randint(-50, 50) for _ in range(8))})
    if family is Family.THRESHOLD:
        points = sorted({parameters[0] - 1, parameters[0], *(rng.randint(0, 20) for _ in range(6))})
    cases = tuple(CallCase(arguments=(x,), expected=solution_value(world, x)) for x in points)
    level = next(number for number, member in LEVELS.items() if member is family)
    return Task(
        id=f"blackbox/{level}/{family}/" + "_".join(map(str, parameters)),
        prompt=f"Find the hidden function f. {_TOLD[family]} Each cell may call f once. "
        "Then submit the source of solution(x), equal to f unless told otherwise.",
        tests=CallTests(entry_point="solution", cases=cases),
        metadata=TaskMetadata(source="blackbox", difficulty=f"level-{level}", tags=(family,), time_limit=5.0),
        reference=reference_source(world),
        world=world,
    )


def task_of_id(name: str) -> Task | None:
    """The task with this id; None when it is no id of a black box."""
    parts = name.split("/")
    try:
        source, _, family, parameters = parts
        task = make_task(Family(family), tuple(map(int, parameters.split("_"))))
    except (ValueError, IndexError):
        return None
    return task if source == "blackbox" and task.id == name else None


def solution_value(world: HiddenWorld, x: int) -> int:
    """What `solution(x)` must return."""
    return x + world.parameters[-1] if world.family is Family.CHAIN else world.answer(x)


def reference_source(world: HiddenWorld) -> str:
    """A program that passes the task's tests."""
    p = world.parameters
    body = {
        Family.LINEAR: "{0} * x + {1}",
        Family.CHAIN: "x + {0}",
        Family.THRESHOLD: "{1} if x < {0} else {2}",
        Family.QUADRATIC: "{0} * x * x + {1} * x + {2}",
        Family.MODULAR: "({0} * x + {1}) % {2}",
    }[world.family].format(*(p[-1:] if world.family is Family.CHAIN else p))
    return f"def solution(x):\n    return {body}\n"


def _draw(family: Family, rng: random.Random) -> tuple[int, ...]:
    match family:
        case Family.LINEAR:
            return (rng.randint(-20, 20), rng.randint(-50, 50))
        case Family.CHAIN:
            keys = rng.sample(range(1, TREASURE), rng.randint(1, 4))
            return (*keys, rng.randint(TREASURE, 999))
        case Family.THRESHOLD:
            low, high = rng.sample(range(-50, 51), 2)
            return (rng.randint(1, 15), low, high)
        case Family.QUADRATIC:
            return (rng.choice([a for a in range(-9, 10) if a]), rng.randint(-9, 9), rng.randint(-50, 50))
        case Family.MODULAR:
            modulus = rng.randint(5, 23)
            return (rng.randrange(1, modulus), rng.randrange(modulus), modulus)
