"""How much text the streams of one cell may send: a head at once, and a tail when the cell ends.

What falls out between is counted and never travels, so an endless printer costs neither memory nor wire.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol


class BudgetedStream(Protocol):
    """A stream that spends from a budget."""

    def send(self, text: str) -> None:
        """Sends text, whatever the budget says."""
        ...

    def flush(self) -> None:
        """Has what was sent leave before anything else does."""
        ...


class OutputBudget:
    """The budget that the streams of a process share, so that their order is kept.

    Args:
        limit: Characters that one cell may send.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._half = max(limit // 2, 1)
        self._lock = threading.RLock()
        self._tail: deque[tuple[BudgetedStream, str]] = deque()
        self._last: BudgetedStream | None = None
        self.renew()

    def renew(self) -> None:
        """Starts a new stretch: a cell, or what comes after its prompt."""
        with self._lock:
            self._head_left = self._half
            self._tail.clear()
            self._tail_size = 0
            self.cut = 0

    def write(self, stream: BudgetedStream, text: str) -> None:
        """Sends what fits into the head and keeps the end of the rest."""
        with self._lock:
            head, rest = text[: self._head_left], text[self._head_left :]
            if head:
                self._head_left -= len(head)
                self._send(stream, head)
            if rest:
                self._keep(stream, rest)

    def finish(self) -> None:
        """Sends the tail."""
        with self._lock:
            while self._tail:
                self._send(*self._tail.popleft())
            self._tail_size = 0

    def _send(self, stream: BudgetedStream, text: str) -> None:
        if self._last is not None and self._last is not stream:
            self._last.flush()
        self._last = stream
        stream.send(text)

    def _keep(self, stream: BudgetedStream, text: str) -> None:
        kept = text[-self._half :]
        self.cut += len(text) - len(kept)
        self._tail.append((stream, kept))
        self._tail_size += len(kept)
        while self._tail_size > self._half:
            first, oldest = self._tail.popleft()
            excess = min(self._tail_size - self._half, len(oldest))
            self.cut += excess
            self._tail_size -= excess
            if excess < len(oldest):
                self._tail.appendleft((first, oldest[excess:]))
