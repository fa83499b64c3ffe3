"""A demonstrator who knows the moves of the black-box tasks but not which of them is right.

Every choice is drawn uniformly, without looking at observations. Imitating it teaches a model the language of cells and submissions and
almost nothing of how to solve a task, which is what reinforcement learning is then for.
"""

from __future__ import annotations

import random

from .chat_template import ChatTemplate
from .policy import Completion, PolicyContext, PolicyError, Sampling

_HALVE = "m = (lo + hi) // 2\nv = f(m)\nif v == low: lo = m\nelse: hi, high = m, v\nprint(hi - lo)"
_MOVES: dict[str, tuple[tuple[str, ...], ...]] = {
    "a*x + b": (
        ("b = f(0)", "b = f(1)"),
        ("a = f(1) - b", "a = f(1)", "a = f(2) - b"),
        ("{a} * x + {b}", "{b} * x + {a}", "x + {b}"),
    ),
    "treasure": (("k = f(0)\nprint(k)",), ("k = f(k)\nprint(k)",), ("x + {k}", "{k} * x")),
    "threshold": (("low = f(0)\nlo, hi = 0, 16",), (_HALVE,), ("{low} if x < {hi} else {high}", "{high} if x < {hi} else {low}")),
}
"""Per family, by what its prompt says: the moves of the first turn, of the turns between, and the bodies to submit."""
_STOP = {"a*x + b": 1.0, "treasure": 0.5, "threshold": 0.2}
"""Chance to submit in a turn after the second."""


class NovicePolicy:
    """Plays black-box tasks of levels 1 to 3 in the fenced format, at random; an episode's id and turn fix its draws."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    @property
    def name(self) -> str:
        """What reports call this policy."""
        return "novice"

    @property
    def template(self) -> ChatTemplate | None:
        """None: it sees text."""
        return None

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Writes the next cell; the sampling settings are ignored.

        Raises:
            PolicyError: If the prompt is no black-box task of levels 1 to 3.
        """
        told = " ".join(message["content"] for message in context.messages if message["role"] == "user")
        family = next((mark for mark in _MOVES if mark in told), None)
        if family is None:
            raise PolicyError("the novice plays black-box tasks of levels 1 to 3 only")
        turn = sum(message["role"] == "assistant" for message in context.messages)
        rng = random.Random(f"{self._seed} {context.episode_id} {turn}")
        return Completion(text=f"```python\n{_cell(family, turn, rng)}\n```")


def _cell(family: str, turn: int, rng: random.Random) -> str:
    first, between, bodies = _MOVES[family]
    if turn == 0:
        return rng.choice(first)
    if turn == 1 or rng.random() >= _STOP[family]:
        return rng.choice(between)
    return f'submit(f"def solution(x): return {rng.choice(bodies)}")'
