"""Finds the token that completes a stop text, without decoding a message again and again.

A stop text can only end in a token whose own text holds its last character, and it begins at most as many
tokens before as it has bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_PART_OF_A_CHARACTER = "\ufffd"


class StopWatch:
    """Watches messages for some stop texts."""

    def __init__(self, decode: Callable[[Sequence[int]], str], stop: Sequence[str]) -> None:
        self._decode = decode
        self._stop = tuple(stop)
        self._last = {text[-1] for text in stop} | {_PART_OF_A_CHARACTER}
        self._width = max((len(text.encode()) for text in stop), default=0) + 1
        self._may_end: dict[int, bool] = {}

    def ends(self, ids: Sequence[int]) -> bool:
        """Whether the last id completes a stop text."""
        last = ids[-1]
        possible = self._may_end.get(last)
        if possible is None:
            possible = self._may_end[last] = not self._last.isdisjoint(self._decode([last]))
        if not possible:
            return False
        tail = self._decode(ids[-self._width :])
        return any(text in tail for text in self._stop)
