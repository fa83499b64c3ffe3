"""How much the displays and results of one cell may send: text, pictures, and how many in all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MEDIA_LIMIT = 8 << 20
COUNT_LIMIT = 5_000
_MEDIA = ("image/", "audio/", "video/", "application/pdf")


class DisplayBudget:
    """Admits MIME bundles as long as there is room, and counts what it leaves out.

    Args:
        limit: Characters of text; a result has as many again for itself.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.renew()

    def renew(self) -> None:
        """Starts a new cell."""
        self.cut = 0
        self._count = COUNT_LIMIT
        self._media_left = MEDIA_LIMIT
        self._text_left = self._limit

    def clear(self) -> bool:
        """The displays so far are to be forgotten; False when there were too many to say so."""
        self._text_left = self._limit
        self._media_left = MEDIA_LIMIT
        self._count -= 1
        return self._count > 0

    def admit(self, data: Mapping[str, Any], *, is_result: bool = False) -> dict[str, Any]:
        """The part of a bundle that there is room for; empty when there is none."""
        if is_result:
            self._text_left = self._limit
        self._count -= 1
        return {mime: kept for mime, value in data.items() if (kept := self._fit(mime, value)) is not None}

    def _fit(self, mime: str, value: Any) -> Any:
        size = _size(value)
        is_media = mime.startswith(_MEDIA)
        left = self._media_left if is_media else self._text_left
        if self._count <= 0:
            left = 0
        if size > left and (mime != "text/plain" or not left or not isinstance(value, str)):
            self.cut += size
            return None
        if is_media:
            self._media_left -= size
            return value
        self._text_left -= min(size, left)
        self.cut += max(size - left, 0)
        return value[-left:] if size > left else value


def _size(value: Any) -> int:
    """Characters that the value takes up in a message."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, bytes):
        return len(value) * 4 // 3
    return len(json.dumps(value, default=str))
