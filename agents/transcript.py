"""The growing token ids of one episode: sampled ids as the engine gave them, everything else masked out."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from .branch import Branch
from .chat_template import ChatTemplate
from .policy import Completion, Message


class Transcript:
    """Builds the single `Branch` of an episode whose context only grows."""

    def __init__(self, template: ChatTemplate, messages: Sequence[Message]) -> None:
        """Renders the first messages; sampling starts after them."""
        self._template = template
        self._prompt: tuple[int, ...] = tuple(template.initial(messages))
        self._response: list[int] = []
        self._mask: list[int] = []
        self._logprobs: list[float] = []
        self._exact = True
        self._ended = True

    @property
    def context_ids(self) -> tuple[int, ...]:
        """What the engine must see next, id for id."""
        return self._prompt + tuple(self._response)

    @property
    def response_length(self) -> int:
        """Ids after the prompt so far, observations included."""
        return len(self._response)

    def sampled(self, completion: Completion) -> None:
        """Appends what the engine sampled."""
        ids = completion.token_ids
        logprobs = completion.logprobs or (0.0,) * len(ids)
        self._exact = self._exact and len(completion.logprobs) == len(ids)
        self._response += ids
        self._mask += [1] * len(ids)
        self._logprobs += logprobs
        self._ended = bool(ids) and ids[-1] == self._template.end_of_turn

    def observation_ids(self, messages: Sequence[Message]) -> list[int]:
        """The ids from the last sampled one through these messages to the next generation prompt."""
        return self._template.between(messages, ended=self._ended)

    def observed(self, ids: Sequence[int]) -> None:
        """Appends ids from `observation_ids`."""
        self._response += ids
        self._mask += [0] * len(ids)
        self._logprobs += [0.0] * len(ids)

    def copy(self) -> Transcript:
        """The same ids so far; what is appended to one is not in the other."""
        twin = copy(self)
        twin._response, twin._mask = list(self._response), list(self._mask)
        twin._logprobs = list(self._logprobs)
        return twin

    def branch(self) -> Branch | None:
        """The training sample; None when nothing was sampled."""
        if not any(self._mask):
            return None
        return Branch(
            prompt_ids=self._prompt,
            response_ids=tuple(self._response),
            response_mask=tuple(self._mask),
            logprobs=tuple(self._logprobs),
            exact=self._exact,
        )
