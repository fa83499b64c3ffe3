"""A policy that solves the black-box tasks through the environment alone, as an example of good play.

It reads what any model reads: the prompt and the observations. Each message is one fenced cell that calls
`f` at most once. What was found out stays in the interpreter's variables or, where nothing stays, in the
conversation, from which it is copied. The cells are short and regular, so that a tiny model can learn them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...envs.black_box import TREASURE
from ...tools.tool_mode import ToolMode
from ..tokens.chat_template import ChatTemplate
from .black_box_cells import ask, submit_filled, submit_literal
from .black_box_play import BlackBoxPlay
from .policy import Completion, Message, PolicyContext, Sampling


class ExpertPolicy:
    """Plays black-box tasks of every level in the fenced format, in every mode that runs cells.

    Without an interpreter nothing can be found out, and it hands in a guess.
    """

    @property
    def name(self) -> str:
        """What reports call this policy."""
        return "expert"

    @property
    def template(self) -> ChatTemplate | None:
        """None: it sees text."""
        return None

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Writes the next cell; the sampling settings are ignored.

        Raises:
            PolicyError: If the prompt is no black-box task, or an observation lacks the number that was
                printed.
        """
        return Completion(text=f"```python\n{next_cell(context.messages)}\n```")


def next_cell(messages: Sequence[Message]) -> str:
    """The cell that an expert runs next in this conversation."""
    play = BlackBoxPlay.read(messages, _STATEFUL)
    match play.mode:
        case ToolMode.NO_TOOL:
            return submit_literal("x")
        case ToolMode.STATELESS:
            return _STATELESS[play.family](play.numbers)
        case _:
            return _STATEFUL[play.family](play)


def _linear(play: BlackBoxPlay) -> str:
    return ("b = f(0)", "a = f(1) - b", submit_filled("{a} * x + {b}"))[min(play.turn, 2)]


def _chain(play: BlackBoxPlay) -> str:
    if play.turn == 0:
        return "k = f(0)\nprint(k)"
    return submit_filled("x + {k}") if play.last >= TREASURE else "k = f(k)\nprint(k)"


def _threshold(play: BlackBoxPlay) -> str:
    if play.turn < 2:
        return ("low = f(0)", "high = f(16)\nlo, hi = 0, 16")[play.turn]
    if play.turn > 2 and play.last == 1:
        return submit_filled("{low} if x < {hi} else {high}")
    return "m = (lo + hi) // 2\nif f(m) == low: lo = m\nelse: hi = m\nprint(hi - lo)"


def _quadratic(play: BlackBoxPlay) -> str:
    solve = "a = (t - 2 * s) // 2\nb = s - a\n" + submit_filled("{a} * x * x + {b} * x + {c}")
    return ("c = f(0)", "s = f(1) - c", "t = f(2) - c", solve)[min(play.turn, 3)]


def _modular(play: BlackBoxPlay) -> str:
    """Asks where the remaining candidates differ most, until one is left."""
    if play.turn == 0:
        return "y = {0: f(0)}\nx = 1"
    if play.turn > 1 and play.last == 1:
        return "a, b, m = fits[0]\n" + submit_filled("({a} * x + {b}) % {m}")
    return (
        "y[x] = f(x)\n"
        "fits = [(a, b, m) for m in range(5, 24) for b in range(m) for a in range(1, m)"
        " if all((a * i + b) % m == v for i, v in y.items())]\n"
        "x = max(range(24), key=lambda i: len({(a * i + b) % m for a, b, m in fits}))\n"
        "print(len(fits))"
    )


def _linear_again(seen: list[int]) -> str:
    if len(seen) < 2:
        return ask(len(seen))
    return f"b, c = {seen[0]}, {seen[1]}\n" + submit_filled("{c - b} * x + {b}")


def _chain_again(seen: list[int]) -> str:
    if not seen:
        return ask(0)
    return submit_literal(f"x + {seen[-1]}") if seen[-1] >= TREASURE else ask(seen[-1])


def _threshold_again(seen: list[int]) -> str:
    if len(seen) < 2:
        return ask((0, 16)[len(seen)])
    low, high, *found = seen
    left, right = 0, 16
    for value in found:
        middle = (left + right) // 2
        left, right = (middle, right) if value == low else (left, middle)
    if right - left == 1:
        return submit_literal(f"{low} if x < {right} else {high}")
    return ask((left + right) // 2)


def _quadratic_again(seen: list[int]) -> str:
    if len(seen) < 3:
        return ask(len(seen))
    given = f"c, s, t = {seen[0]}, {seen[1]}, {seen[2]}\na = (t - 2 * s + c) // 2\n"
    return given + submit_filled("{a} * x * x + {s - c - a} * x + {c}")


def _modular_again(seen: list[int]) -> str:
    """The same search in its own head."""
    fits = [(a, b, m) for m in range(5, 24) for b in range(m) for a in range(1, m)]
    x = 0
    for value in seen:
        fits = [fit for fit in fits if (fit[0] * x + fit[1]) % fit[2] == value]
        x = max(range(24), key=lambda i: len({(a * i + b) % m for a, b, m in fits}))
    if len(fits) == 1:
        a, b, m = fits[0]
        return submit_literal(f"({a} * x + {b}) % {m}")
    return ask(x)


_STATEFUL: dict[str, Callable[[BlackBoxPlay], str]] = {
    "% m": _modular,
    "a*x*x": _quadratic,
    "treasure": _chain,
    "threshold": _threshold,
    "a*x + b": _linear,
}
"""What the prompt of a family says, in the order in which it must be looked for."""

_STATELESS: dict[str, Callable[[list[int]], str]] = {
    "% m": _modular_again,
    "a*x*x": _quadratic_again,
    "treasure": _chain_again,
    "threshold": _threshold_again,
    "a*x + b": _linear_again,
}
"""The same where every cell has a fresh interpreter, from the numbers that were printed."""
