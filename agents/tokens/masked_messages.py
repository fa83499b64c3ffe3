"""Messages with marks for their contents, so that a rendering can be taken apart into scaffold and content.

What the environment or the model wrote itself may be shown to the template as it is; only spellings of
special tokens in it are marked. White space at the ends of a content always stays for the template to treat.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...tools.well_formed import well_formed


class MaskedMessages:
    """The marked messages, and what the marks stand for."""

    def __init__(
        self, messages: Sequence[Mapping[str, Any]], special: re.Pattern[str], shown: Collection[str] = ()
    ) -> None:
        """Marks contents.

        Args:
            messages: The conversation.
            special: Spellings of special tokens.
            shown: Roles whose contents the template sees.
        """
        texts = [well_formed(message["content"]) for message in messages]
        salt = next(n for n in range(len(texts) + 1) if not any(f"\ue000{n}." in text for text in texts))
        self._mark = f"\ue000{salt}.{{}}\ue001"
        self._contents: list[str] = []
        self._droppable: set[int] = set()
        self.messages: list[dict[str, Any]] = []
        for message, text in zip(messages, texts, strict=True):
            role, before = message["role"], len(self._contents)
            marked = (
                special.sub(lambda found: self._put(found[0]), text) if role in shown else self._core(text)
            )
            self.messages.append({**message, "content": marked})
            if role == "assistant":
                self._droppable.update(range(before, len(self._contents)))

    def pieces(self, rendered: str) -> list[str] | None:
        """Scaffold and content by turns, or None when the rendering lacks a content that it must have."""
        pieces: list[str] = []
        for index, content in enumerate(self._contents):
            scaffold, found, rest = rendered.partition(self._mark.format(index))
            if found:
                pieces += [scaffold, content]
                rendered = rest
            elif index not in self._droppable:
                return None
        return [*pieces, rendered]

    def _put(self, content: str) -> str:
        self._contents.append(content)
        return self._mark.format(len(self._contents) - 1)

    def _core(self, text: str) -> str:
        core = text.strip()
        return text.replace(core, self._put(core), 1) if core else text
