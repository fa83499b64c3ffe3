"""A demonstrator who knows the moves of the black-box tasks but not which of them is right.

Every choice is drawn uniformly, without looking at observations. Imitating it teaches a model the
language of cells and submissions and almost nothing of how to solve a task, which is what reinforcement
learning is then for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from ..tokens.chat_template import ChatTemplate
from .policy import Completion, PolicyContext, PolicyError, Sampling


@dataclass(frozen=True, slots=True)
class _Moves:
    """The moves of one family; each entry is a turn's choice."""

    opening: tuple[tuple[str, ...], ...]
    """The choices of the first turns."""
    repeated: tuple[str, ...]
    """The choice of every later turn that does not submit."""
    bodies: tuple[str, ...]
    """What may be submitted."""
    stop: float
    """Chance to submit in a later turn."""


_MOVES = {
    "a*x + b": _Moves(
        opening=(("b = f(0)", "b = f(1)"), ("a = f(1) - b", "a = f(1)", "a = f(2) - b")),
        repeated=(),
        bodies=("{a} * x + {b}", "{b} * x + {a}", "x + {b}"),
        stop=1.0,
    ),
    "treasure": _Moves(
        opening=(("k = f(0)\nprint(k)",), ("k = f(k)\nprint(k)",)),
        repeated=("k = f(k)\nprint(k)",),
        bodies=("x + {k}", "{k} * x"),
        stop=0.5,
    ),
    "threshold": _Moves(
        opening=(
            ("low = f(0)",),
            ("high = f(16)\nlo, hi = 0, 16",),
            ("m = (lo + hi) // 2\nif f(m) == low: lo = m\nelse: hi = m\nprint(hi - lo)",),
        ),
        repeated=("m = (lo + hi) // 2\nif f(m) == low: lo = m\nelse: hi = m\nprint(hi - lo)",),
        bodies=("{low} if x < {hi} else {high}", "{high} if x < {hi} else {low}"),
        stop=0.2,
    ),
}
"""By what the prompt of a family says."""


class NovicePolicy:
    """Plays black-box tasks of levels 1 to 3 in the fenced format, at random.

    An episode's id and turn fix its draws.
    """

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
        return Completion(text=f"```python\n{_cell(_MOVES[family], turn, rng)}\n```")


def _cell(moves: _Moves, turn: int, rng: random.Random) -> str:
    if turn < len(moves.opening):
        return rng.choice(moves.opening[turn])
    if rng.random() >= moves.stop:
        return rng.choice(moves.repeated)
    return f'submit(f"def solution(x): return {rng.choice(moves.bodies)}")'
