"""A policy that solves the black-box tasks through the environment alone, as an example of good play.

It reads what any model reads: the prompt and the observations. Each message is one fenced cell that calls
`f` at most once; what was found out stays in the interpreter's variables. The cells are short and regular,
so that a tiny model can learn them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..tokens.chat_template import ChatTemplate
from .policy import Completion, Message, PolicyContext, PolicyError, Sampling

_TREASURE = 100


class ExpertPolicy:
    """Plays black-box tasks of every level in the fenced format."""

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
    prompt = next(
        (m["content"] for m in reversed(messages) if m["role"] == "user" and _play_of(m["content"])), ""
    )
    play = _play_of(prompt)
    if play is None:
        raise PolicyError("the expert plays black-box tasks only; choose another policy for this task set")
    turn = sum(message["role"] == "assistant" for message in messages)
    return play(turn, messages[-1]["content"])


def _play_of(text: str) -> Callable[[int, str], str] | None:
    if "hidden function f" not in text:
        return None
    return next((play for mark, play in _PLAYS.items() if mark in text), None)


def _printed(observation: str) -> int:
    numbers = re.findall(r"-?\d+", observation)
    if not numbers:
        raise PolicyError(f"the expert expected a number in the observation, but saw {observation[:200]!r}")
    return int(numbers[-1])


def _submit(body: str) -> str:
    return f'submit(f"def solution(x): return {body}")'


def _linear(turn: int, observation: str) -> str:
    return ("b = f(0)", "a = f(1) - b", _submit("{a} * x + {b}"))[min(turn, 2)]


def _chain(turn: int, observation: str) -> str:
    if turn == 0:
        return "k = f(0)\nprint(k)"
    return _submit("x + {k}") if _printed(observation) >= _TREASURE else "k = f(k)\nprint(k)"


def _threshold(turn: int, observation: str) -> str:
    if turn < 2:
        return ("low = f(0)", "high = f(16)\nlo, hi = 0, 16")[turn]
    if turn > 2 and _printed(observation) == 1:
        return _submit("{low} if x < {hi} else {high}")
    return "m = (lo + hi) // 2\nif f(m) == low: lo = m\nelse: hi = m\nprint(hi - lo)"


def _quadratic(turn: int, observation: str) -> str:
    solve = "a = (t - 2 * s) // 2\nb = s - a\n" + _submit("{a} * x * x + {b} * x + {c}")
    return ("c = f(0)", "s = f(1) - c", "t = f(2) - c", solve)[min(turn, 3)]


def _modular(turn: int, observation: str) -> str:
    """Asks where the remaining candidates differ most, until one is left."""
    if turn == 0:
        return "y = {0: f(0)}\nx = 1"
    if turn > 1 and _printed(observation) == 1:
        return "a, b, m = fits[0]\n" + _submit("({a} * x + {b}) % {m}")
    return (
        "y[x] = f(x)\n"
        "fits = [(a, b, m) for m in range(5, 24) for b in range(m) for a in range(1, m)"
        " if all((a * i + b) % m == v for i, v in y.items())]\n"
        "x = max(range(24), key=lambda i: len({(a * i + b) % m for a, b, m in fits}))\n"
        "print(len(fits))"
    )


_PLAYS: dict[str, Callable[[int, str], str]] = {
    "% m": _modular,
    "a*x*x": _quadratic,
    "treasure": _chain,
    "threshold": _threshold,
    "a*x + b": _linear,
}
"""What the prompt of a family says, in the order in which it must be looked for."""
