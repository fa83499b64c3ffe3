"""A demonstrator who knows the moves of the black-box tasks but not which of them is right.

Every choice is drawn uniformly; numbers that were printed are copied, never understood. Imitating it teaches
a model the language of cells and submissions and almost nothing of how to solve a task, which is what
reinforcement learning is then for.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from ...envs.black_box import TREASURE
from ...tools.tool_mode import ToolMode
from ..tokens.chat_template import ChatTemplate
from .black_box_cells import ask, submit_filled, submit_literal
from .black_box_play import BlackBoxPlay
from .policy import Completion, PolicyContext, Sampling


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


_HALVE = "m = (lo + hi) // 2\nif f(m) == low: lo = m\nelse: hi = m\nprint(hi - lo)"
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
        opening=(("low = f(0)",), ("high = f(16)\nlo, hi = 0, 16",), (_HALVE,)),
        repeated=(_HALVE,),
        bodies=("{low} if x < {hi} else {high}", "{high} if x < {hi} else {low}"),
        stop=0.2,
    ),
}
"""By what the prompt of a family says; what was found out is in variables."""


class NovicePolicy:
    """Plays black-box tasks of levels 1 to 3 in the fenced format, at random, in every mode.

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
        play = BlackBoxPlay.read(context.messages, _MOVES)
        rng = random.Random(f"{self._seed} {context.episode_id} {play.turn}")
        match play.mode:
            case ToolMode.NO_TOOL:
                cell = _guess(play.family, rng)
            case ToolMode.STATELESS:
                cell = _COPYING[play.family](play.numbers, rng)
            case _:
                cell = _move(_MOVES[play.family], play.turn, rng)
        return Completion(text=f"```python\n{cell}\n```")


def _move(moves: _Moves, turn: int, rng: random.Random) -> str:
    if turn < len(moves.opening):
        return rng.choice(moves.opening[turn])
    if rng.random() >= moves.stop:
        return rng.choice(moves.repeated)
    return submit_filled(rng.choice(moves.bodies))


def _linear(seen: list[int], rng: random.Random) -> str:
    if len(seen) < 2:
        return ask(rng.choice(((0, 1), (1, 2))[len(seen)]))
    first, second = rng.sample(seen[:2], 2)
    body = rng.choice(("{c - b} * x + {b}", "{b} * x + {c}", "x + {b}"))
    return f"b, c = {first}, {second}\n{submit_filled(body)}"


def _chain(seen: list[int], rng: random.Random) -> str:
    if len(seen) < 2 or rng.random() < 0.5:
        return ask(seen[-1] if seen else 0)
    return submit_literal(rng.choice(("x + {}", "{} * x")).format(seen[-1]))


def _threshold(seen: list[int], rng: random.Random) -> str:
    if len(seen) < 2:
        return ask((0, 16)[len(seen)])
    if len(seen) < 3 or rng.random() >= 0.2:
        return ask(rng.randint(1, 15))
    first, second = rng.sample(seen[:2], 2)
    return submit_literal(f"{first} if x < {rng.randint(1, 15)} else {second}")


_COPYING: dict[str, Callable[[list[int], random.Random], str]] = {
    "a*x + b": _linear,
    "treasure": _chain,
    "threshold": _threshold,
}
"""The same where nothing stays from cell to cell, from the numbers that were printed."""


def _guess(family: str, rng: random.Random) -> str:
    """A submission out of the air, where nothing can be asked."""
    a, b = rng.randint(-50, 50), rng.randint(-50, 50)
    body = {
        "a*x + b": f"{a} * x + {b}",
        "treasure": f"x + {rng.randint(TREASURE, 999)}",
        "threshold": f"{a} if x < {rng.randint(1, 15)} else {b}",
    }[family]
    return submit_literal(body)
