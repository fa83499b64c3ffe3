"""What an engine must see next: the growing ids of one conversation, never made again from text.

The context grows by what was sampled and by what answered it. Only two things ever make it another one: the
model's own template rewrites an earlier message, or old observations are dropped to stay within a window.
Dropping keeps every sampled message id for id; a template that rewrites is asked what the model sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from .chat_template import ChatTemplate, Messages

DROPPED = "[this output was dropped to make room]"
"""What stands in place of an old observation."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an engine must see."""

    ids: tuple[int, ...]
    added: int
    """How many ids the new observation takes."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """A sampled message and what answered it."""

    text: str
    ids: tuple[int, ...]
    ended: bool
    """Whether the end-of-turn token was sampled."""
    answers: Messages = ()

    def short(self) -> _Turn:
        return replace(self, answers=[{**each, "content": DROPPED} for each in self.answers])


class Transcript:
    """The context of one episode."""

    def __init__(
        self, template: ChatTemplate, messages: Messages, tools: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Renders the first messages, with the schemas of tools if any; sampling starts after them."""
        self.template = template
        self._first = tuple(messages)
        self._tools = tuple(tools)
        self._prompt = tuple(template.initial(messages, tools))
        self._turns: list[_Turn] = []
        self._context = self._prompt
        self._added = 0

    @property
    def context_ids(self) -> tuple[int, ...]:
        """What the engine must see next, id for id."""
        return self._context

    @property
    def response_length(self) -> int:
        """Ids after the first prompt so far, observations included, each counted once."""
        return self._added

    def sampled(self, ids: Sequence[int], text: str) -> None:
        """Appends a message as it was sampled; `text` is what it says."""
        ended = bool(ids) and ids[-1] == self.template.end_of_turn
        self._turns.append(_Turn(text, tuple(ids), ended))
        self._context += tuple(ids)
        self._added += len(ids)

    def answered(self, messages: Messages) -> Context:
        """What the engine must see once these messages have answered the last one; nothing changes yet."""
        last = self._turns[-1]
        ids = tuple(self.template.between(messages, ended=last.ended))
        if self.template.keeps(last.text, messages):
            return Context(self._context + ids, len(ids))
        turns = [*self._turns[:-1], replace(last, answers=messages)]
        return Context(self._of(turns), len(ids))

    def answered_within(self, messages: Messages, most: int) -> Context | None:
        """The same in at most `most` ids, with as few of the oldest observations dropped as that needs.

        Returns:
            None when it is longer even without all observations but the last.
        """
        whole = self.answered(messages)
        if len(whole.ids) <= most:
            return whole
        turns = [*self._turns[:-1], replace(self._turns[-1], answers=messages)]
        for place in range(len(turns) - 1):
            turns[place] = turns[place].short()
            ids = self._of(turns)
            if len(ids) <= most:
                return Context(ids, whole.added)
        return None

    def go_on(self, messages: Messages, context: Context) -> None:
        """Takes over a context of `answered` or `answered_within` for the same messages."""
        self._turns[-1] = replace(self._turns[-1], answers=tuple(messages))
        self._context = context.ids
        self._added += context.added

    def copy(self) -> Transcript:
        """The same conversation so far; what is appended to one is not in the other."""
        twin = copy(self)
        twin._turns = list(self._turns)
        return twin

    def _of(self, turns: Sequence[_Turn]) -> tuple[int, ...]:
        """The ids of a conversation that ends with an observation."""
        if not all(self.template.keeps(turn.text, turn.answers) for turn in turns):
            said = [({"role": "assistant", "content": turn.text}, *turn.answers) for turn in turns]
            whole = [*self._first, *(each for turn in said for each in turn)]
            return tuple(self.template.whole(whole, self._tools))
        ids = list(self._prompt)
        for turn in turns:
            ids += [*turn.ids, *self.template.between(turn.answers, ended=turn.ended)]
        return tuple(ids)
