"""Collects the outputs of one cell within a cap: the head, the tail, and the count of what fell out between.

Text is cut by the character; an image is kept whole or dropped whole, on a cap of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from .cell_result import CellOutput, OutputKind

MEDIA_LIMIT = 8 << 20


class OutputCollector:
    """Takes outputs in order and gives them back merged and capped."""

    def __init__(self, limit: int, media_limit: int = MEDIA_LIMIT) -> None:
        self.cut = 0
        self._limit = limit
        self._media_limit = media_limit
        self._clear_next = False
        self._reset()

    def _reset(self) -> None:
        self._head: list[CellOutput] = []
        self._tail: deque[CellOutput] = deque()
        self._head_left = (self._limit + 1) // 2
        self._tail_left = self._limit // 2
        self._media_left = self._media_limit

    def add_stream(self, kind: OutputKind, text: str) -> None:
        """Adds a chunk of a stream."""
        self._clear_if_asked()
        head, rest = text[: self._head_left], text[self._head_left :]
        if head:
            self._head_left -= len(head)
            self._head.append(CellOutput(kind, {"text/plain": head}))
        if rest:
            self._add_to_tail(CellOutput(kind, {"text/plain": rest}))

    def add_bundle(self, kind: OutputKind, data: Mapping[str, str]) -> None:
        """Adds a result or a display."""
        self._clear_if_asked()
        bundle = {mime: content for mime, content in data.items() if self._affords_media(mime, content)}
        size = _text_size(bundle)
        if size <= self._head_left and not self._tail:
            self._head_left -= size
            self._head.append(CellOutput(kind, bundle))
        else:
            self._head_left = 0
            self._add_to_tail(CellOutput(kind, bundle))

    def clear(self, *, wait: bool) -> None:
        """Drops what there is, at once or when the next output comes."""
        self._clear_next = wait
        if not wait:
            self._reset()

    def outputs(self) -> tuple[CellOutput, ...]:
        """The outputs so far; adjacent chunks of one stream are one."""
        merged: list[tuple[CellOutput, list[str]]] = []
        for output in (*self._head, *self._tail):
            if merged and _is_stream(output) and merged[-1][0].kind is output.kind:
                merged[-1][1].append(output.text)
            else:
                merged.append((output, [output.text] if _is_stream(output) else []))
        return tuple(
            CellOutput(first.kind, {"text/plain": "".join(texts)}) if texts else first
            for first, texts in merged
        )

    def _clear_if_asked(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._reset()

    def _affords_media(self, mime: str, content: str) -> bool:
        if _is_text(mime):
            return True
        if len(content) > self._media_left:
            self.cut += len(content)
            return False
        self._media_left -= len(content)
        return True

    def _add_to_tail(self, output: CellOutput) -> None:
        output = self._fit(output)
        self._tail.append(output)
        self._tail_left -= _text_size(output.data)
        while self._tail_left < 0:
            oldest = self._tail.popleft()
            excess = -self._tail_left
            size = _text_size(oldest.data)
            self._tail_left += size
            if _is_stream(oldest) and size > excess:
                self._tail.appendleft(CellOutput(oldest.kind, {"text/plain": oldest.text[excess:]}))
                self._tail_left -= size - excess
            self.cut += min(size, excess) if _is_stream(oldest) else size

    def _fit(self, output: CellOutput) -> CellOutput:
        """Cuts one output down to the size of the tail: markup goes first, then the front of the text."""
        room = self._limit // 2
        if _text_size(output.data) <= room:
            return output
        before = _text_size(output.data)
        data = {
            mime: text for mime, text in output.data.items() if mime == "text/plain" or not _is_text(mime)
        }
        if "text/plain" in data:
            data["text/plain"] = data["text/plain"][-room:] if room else ""
        self.cut += before - _text_size(data)
        return CellOutput(output.kind, data)


def _is_stream(output: CellOutput) -> bool:
    return output.kind in (OutputKind.STDOUT, OutputKind.STDERR)


def _is_text(mime: str) -> bool:
    return not mime.startswith(("image/", "audio/", "video/", "application/pdf"))


def _text_size(data: Mapping[str, str]) -> int:
    return sum(len(content) for mime, content in data.items() if _is_text(mime))
