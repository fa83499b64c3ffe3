"""A policy without a model: it plays fixed texts, or asks a function for the next one.

It holds no state between calls, so one instance can act in any number of episodes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..tokens.chat_template import ChatTemplate
from .policy import Completion, PolicyContext, PolicyError, Sampling


class ScriptedPolicy:
    """Plays the n-th text in the n-th turn of every episode, or calls a function of the context."""

    def __init__(
        self, script: Sequence[str] | Callable[[PolicyContext], str], name: str = "scripted"
    ) -> None:
        self._script = script
        self._name = name

    @property
    def name(self) -> str:
        """What reports call this policy."""
        return self._name

    @property
    def template(self) -> ChatTemplate | None:
        """None: it sees text."""
        return None

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Returns the next text; the sampling settings are ignored.

        Raises:
            PolicyError: If the episode has more turns than the script has texts.
        """
        if callable(self._script):
            return Completion(text=self._script(context))
        turn = sum(message["role"] == "assistant" for message in context.messages)
        if turn >= len(self._script):
            raise PolicyError(
                f"the script has {len(self._script)} messages, but turn {turn + 1} was asked for"
            )
        return Completion(text=self._script[turn])
