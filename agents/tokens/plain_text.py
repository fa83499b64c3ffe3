"""Text from outside as token ids, so that it can never become a special token.

A tokenizer takes the spelling of an added token, such as `<|im_end|>` or `<tool_call>`, for that token,
wherever it stands. Text of a tool or of a user is therefore cut inside every such spelling and encoded in
parts: the same characters, made of plain tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class PlainText:
    """Encodes text of others with a `transformers` tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        added = {str(token): number for token, number in tokenizer.get_added_vocab().items()}
        self._words = {word: number for word, number in added.items() if len(word) > 1 and not word.isspace()}
        self._reserved = frozenset(self._words.values())

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; none of them is an added token, whatever the text spells."""
        ids = self._ids(text)
        if self._reserved.isdisjoint(ids):
            return ids
        parts = [number for part in self._parts(text) for number in self._ids(part)]
        if self._reserved.isdisjoint(parts):
            return parts
        return [n for c in text for n in self._ids(c)]  # a normaliser makes the spelling of other characters

    def encode_between(self, pieces: Sequence[str]) -> list[int]:
        """Ids of a rendering, in one piece unless one of its contents would become a special token.

        Args:
            pieces: Scaffold and content by turns; the first and the last are scaffold, the template's own.
        """
        whole = "".join(pieces)
        if all(whole.count(word) == _count(pieces[::2], word) for word in self._words if word in whole):
            return self._ids(whole)
        return [
            number
            for place, piece in enumerate(pieces)
            for number in (self.encode(piece) if place % 2 else self._ids(piece))
        ]

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _parts(self, text: str) -> Iterator[str]:
        cuts = sorted({place + 1 for word in self._words for place in _places(text, word)})
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            yield text[start:end]


def _count(pieces: Sequence[str], word: str) -> int:
    return sum(piece.count(word) for piece in pieces)


def _places(text: str, word: str) -> Iterator[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + 1)
