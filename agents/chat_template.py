"""Token ids of a conversation that only grows.

The first messages are rendered once by the model's own chat template. After that nothing is ever
rendered again: what the engine sampled stays as it is, and only the ids *between* two sampled messages
are made: the end of the assistant's turn where the engine did not sample it, the observation, and the
next generation prompt. Text from outside is encoded so that it can never become a special token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_ANSWER = "\ue000answer\ue001"
_CONTENT = "\ue000content{}\ue001"


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
        self.end_of_turn: int = tokenizer.eos_token_id
        self._specials = tuple(sorted(tokenizer.get_added_vocab()))

    def initial(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Ids of the first messages and the generation prompt, where sampling starts."""
        return self._encode(self._render(_masked(messages)), messages)

    def between(self, observations: Sequence[Mapping[str, str]], *, ended: bool) -> list[int]:
        """Ids from the end of a sampled message to the start of the next one.

        Args:
            observations: The messages that the environment answers with.
            ended: Whether the engine sampled the end-of-turn token itself.
        """
        opening = [{"role": "user", "content": "-"}, {"role": "assistant", "content": _ANSWER}]
        rendered = self._render([*opening, *_masked(observations)])
        before, found, after = rendered.partition(_ANSWER)
        if not found or not before:
            raise ChatTemplateError("the chat template does not render an assistant's content verbatim")
        ids = self._encode(after, observations)
        if not ids or ids[0] != self.end_of_turn:
            raise ChatTemplateError("the chat template does not end an assistant's turn with eos_token")
        return ids[1:] if ended else ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of sampled ids, without special tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; special tokens in it stay plain characters."""
        return list(self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))

    def _render(self, messages: Sequence[Mapping[str, str]]) -> str:
        return str(
            self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        )

    def _encode(self, rendered: str, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Encodes a masked rendering: in one piece, unless a content holds the text of a special token."""
        pieces: list[str] = []
        for index, message in enumerate(messages):
            scaffold, found, rendered = rendered.partition(_CONTENT.format(index))
            if not found:
                raise ChatTemplateError("the chat template does not render a message's content verbatim")
            pieces += [scaffold, message["content"]]
        pieces.append(rendered)
        if not any(special in content for content in pieces[1::2] for special in self._specials):
            return list(self._tokenizer.encode("".join(pieces), add_special_tokens=False))
        ids: list[int] = []
        for index, piece in enumerate(pieces):
            content = index % 2 == 1
            ids += self._tokenizer.encode(piece, add_special_tokens=False, split_special_tokens=content)
        return ids


def _masked(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{**message, "content": _CONTENT.format(index)} for index, message in enumerate(messages)]
