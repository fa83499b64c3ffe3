"""Token ids of a conversation that only grows.

The first messages are rendered once by the model's own chat template. After that nothing is ever
rendered again: what the engine sampled stays as it is, and only the ids *between* two sampled messages
are made: the end of the assistant's turn where the engine did not sample it, the observation, and the
next generation prompt. Text from outside is encoded so that it can never become a special token.

Some templates rewrite earlier messages, as those that drop old reasoning do. `keeps` says so for a message,
and `whole` renders the conversation as such a template wants it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ...tools.well_formed import well_formed
from ..policies.native_tools import plain_messages
from .masked_messages import MaskedMessages
from .plain_text import PlainText

Messages = Sequence[Mapping[str, Any]]

_ANSWER = "\ue000answer\ue001"


class ChatTemplateError(ValueError):
    """The model's chat template does not render messages in a way that can be continued."""


class ChatTemplate:
    """The chat template of one tokenizer, as increments of token ids."""

    def __init__(self, tokenizer: Any) -> None:
        """Binds a `transformers` tokenizer that has a chat template and an end-of-turn token.

        Raises:
            ChatTemplateError: If either is missing.
        """
        if not getattr(tokenizer, "chat_template", None):
            raise ChatTemplateError("the tokenizer has no chat_template; use an instruct model or set one")
        if tokenizer.eos_token_id is None:
            raise ChatTemplateError("the tokenizer has no eos_token, which must end an assistant turn")
        self._tokenizer = tokenizer
        self._plain = PlainText(tokenizer)
        added = tokenizer.added_tokens_decoder.values()
        special = {tokenizer.eos_token, *(token.content for token in added if token.special)}
        self._special = re.compile(f"({'|'.join(map(re.escape, sorted(special, key=len, reverse=True)))})")
        self.end_of_turn: int = tokenizer.eos_token_id
        self.vocabulary: int = 1 + max((tokenizer.vocab_size - 1, *tokenizer.get_added_vocab().values()))
        """Ids from here on are padding of the embedding; no engine may sample them."""

    def initial(self, messages: Messages, tools: Sequence[Mapping[str, Any]] = ()) -> list[int]:
        """Ids of the first messages and the generation prompt, where sampling starts.

        Args:
            messages: No content becomes a special token, whatever it spells. A system message is the
                environment's own, and may name the tags of the model, such as `<tool_call>`.
            tools: OpenAI tool schemas, for templates that show them to the model.
        """
        return self._ids(MaskedMessages(messages, self._special, ("system",)), tools)

    def between(self, observations: Messages, *, ended: bool) -> list[int]:
        """Ids from the end of a sampled message to the start of the next one.

        Args:
            observations: The messages that the environment answers with.
            ended: Whether the engine sampled the end-of-turn token itself.
        """
        opening = [{"role": "user", "content": "-"}, {"role": "assistant", "content": _ANSWER}]
        masked = MaskedMessages(observations, self._special)
        before, found, after = self._render([*opening, *masked.messages]).partition(_ANSWER)
        if not found or not before:
            raise ChatTemplateError("the chat template does not render an assistant's content verbatim")
        ids = self._plain.encode_between(_found(masked.pieces(after)))
        if not ids or ids[0] != self.end_of_turn:
            raise ChatTemplateError("the chat template does not end an assistant's turn with eos_token")
        return ids[1:] if ended else ids

    def keeps(self, text: str, observations: Messages) -> bool:
        """Whether the template still shows a message of the model as it was once these messages follow it.

        White space at its ends does not count: many templates strip it.
        """
        opening = [{"role": "user", "content": "-"}, {"role": "assistant", "content": text}]
        masked = MaskedMessages(observations, self._special)
        return text.strip() in self._render([*opening, *masked.messages])

    def whole(self, messages: Messages, tools: Sequence[Mapping[str, Any]] = ()) -> list[int]:
        """Ids of a conversation with messages of the model in it, as the template renders it today.

        The template sees what the model wrote, and may drop parts of it. Contents of all others stay plain.
        """
        return self._ids(MaskedMessages(messages, self._special, ("system", "assistant")), tools)

    def told(self, messages: Messages) -> Messages:
        """The messages as this template can show them: those of tools come from the user if it knows none."""
        return messages if self._knows_tools else plain_messages(messages)

    @cached_property
    def opens_thought(self) -> bool:
        """Whether the generation prompt ends with `<think>`, so that a message begins inside a thought."""
        return self._render([{"role": "user", "content": "-"}]).rstrip().endswith("<think>")

    @cached_property
    def _knows_tools(self) -> bool:
        opening = [{"role": "user", "content": "-"}, {"role": "assistant", "content": "-"}]
        try:
            return _ANSWER in self._render([*opening, {"role": "tool", "content": _ANSWER}])
        except ChatTemplateError:
            return False

    def decode(self, ids: Sequence[int]) -> str:
        """Text of sampled ids, without special tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def message(self, ids: Sequence[int], stop: Sequence[str] = ()) -> str:
        """Text of a sampled message; what its last token holds beyond a stop text that it completes is cut.

        Where an engine went on after a stop text, nothing is cut, so that a parser sees what was invented.
        """
        text = self.decode(ids)
        end = _stop_end(text, stop)
        if end is None or _stop_end(self.decode(ids[:-1]), stop) is not None:
            return text
        return text[:end]

    def encode(self, text: str) -> list[int]:
        """Ids of a text as the model would write it: its tags are tokens, special tokens plain characters."""
        return self._plain.encode_between(self._special.split(well_formed(text)))

    def survives_text(self, ids: Sequence[int]) -> bool:
        """Whether the text of a sampled message, encoded again, gives the same ids.

        Where it does not, a trainer that keeps text learns from tokens that were never sampled.
        """
        body = list(ids[:-1]) if ids and ids[-1] == self.end_of_turn else list(ids)
        return list(self._tokenizer.encode(self.decode(body), add_special_tokens=False)) == body

    def _ids(self, masked: MaskedMessages, tools: Sequence[Mapping[str, Any]]) -> list[int]:
        return self._plain.encode_between(_found(masked.pieces(self._render(masked.messages, tools))))

    def _render(self, messages: Messages, tools: Sequence[Mapping[str, Any]] = ()) -> str:
        from jinja2 import TemplateError

        given = {"tools": [dict(tool) for tool in tools]} if tools else {}
        try:
            rendered = self._tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=True, **given
            )
        except TemplateError as error:
            raise ChatTemplateError(f"the chat template refuses these messages: {error}") from error
        return str(rendered)


def _found(pieces: list[str] | None) -> list[str]:
    if pieces is None:
        raise ChatTemplateError("the chat template does not render a message's content verbatim")
    return pieces


def _stop_end(text: str, stop: Sequence[str]) -> int | None:
    """Where the stop text that ends first ends."""
    ends = [place + len(each) for each in stop if (place := text.find(each)) >= 0]
    return min(ends, default=None)
