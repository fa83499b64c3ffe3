"""Rewards for the form of messages, whatever is in them."""

from __future__ import annotations

import re
from typing import ClassVar

from ..episode_facts import EpisodeFacts
from ..reward import Reward

_THINK_ANSWER = re.compile(r"<think>.*</think>.*<answer>.*</answer>", re.DOTALL)


def is_think_answer(text: str) -> bool:
    """Whether a text is `<think>...</think>...<answer>...</answer>`, with nothing around it."""
    return _THINK_ANSWER.fullmatch(text.strip()) is not None


class ThinkAnswer(Reward):
    """1 when the last message thinks in `<think>` and ends with its `<answer>`, as in Code-R1, else 0."""

    name: ClassVar[str] = "think-answer"

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        return float(is_think_answer(facts.response))


class ToolCalls(Reward):
    """The share of messages that could be read and whose every call names a tool with right arguments."""

    name: ClassVar[str] = "tool-calls"

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        return sum(turn.valid for turn in facts.turns) / max(1, len(facts.turns))


class XCoderFormat(Reward):
    """Plus or minus `size`: the tags of X-Coder's models that are not distilled (arXiv 2601.06953).

    The last message begins with `<think>` and ends, by itself, with the only `</answer>`; there is a fence
    in the answer, and every `<think>` and `<code>` has an end.
    """

    name: ClassVar[str] = "xcoder-format"
    size: float = 1.0

    def __call__(self, facts: EpisodeFacts) -> float:
        """The reward of one episode."""
        right = bool(facts.turns) and not facts.tokens.cut and _is_xcoder(facts.response.strip())
        return self.size if right else -self.size


def _is_xcoder(text: str) -> bool:
    before, opening, rest = text.partition("<answer>")
    answer, closing, after = rest.partition("</answer>")
    return (
        before.startswith("<think>")
        and bool(opening and closing)
        and not after
        and text.count("<answer>") == text.count("</answer>") == 1
        and "```" in answer
        and all(text.count(f"<{tag}>") == text.count(f"</{tag}>") for tag in ("think", "code"))
    )
