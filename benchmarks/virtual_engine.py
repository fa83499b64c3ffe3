"""An engine that writes what it is told to, at a fixed speed: some slots, seconds for a token, one queue.

It lives in the event loop of who asks and keeps a clock of its own: a slot that comes free takes the next
request as of that instant, however late the loop gets to it. So a busy loop delays answers, as a slow client
of a real server does, and never the server. It costs its loop one timer for a message.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """When a message was asked for, and when a slot began and ended it, on the loop's clock."""

    asked: float
    began: float
    ended: float


class VirtualEngine:
    """Serves messages in the order in which they were asked for.

    Args:
        slots: Messages written at the same time.
        token_seconds: Seconds for one token.
        oldest_first: Whether the message of an episode that is further along is served before others.
    """

    def __init__(self, *, slots: int, token_seconds: float, oldest_first: bool = False) -> None:
        self.spans: list[Span] = []
        """All messages, in the order in which they began."""
        self.slots = slots
        self._token_seconds = token_seconds
        self._oldest_first = oldest_first
        self._loop = asyncio.get_running_loop()
        self._count = itertools.count()
        self._free = [self._loop.time()] * slots
        self._waiting: list[tuple[int, int, float, int, asyncio.Future[Span]]] = []

    async def write(self, tokens: int, *, turn: int) -> Span:
        """Takes as long as an engine takes to write so many tokens.

        Args:
            tokens: How many.
            turn: How far the episode is.
        """
        done: asyncio.Future[Span] = self._loop.create_future()
        rank = -turn if self._oldest_first else 0
        heapq.heappush(self._waiting, (rank, next(self._count), self._loop.time(), tokens, done))
        self._fill()
        return await done

    def idle(self, begin: float, end: float) -> float:
        """The share of slot seconds between two instants in which nothing was written."""
        busy = sum(max(min(span.ended, end) - max(span.began, begin), 0.0) for span in self.spans)
        return 1 - busy / (self.slots * (end - begin))

    def _fill(self) -> None:
        while self._waiting and self._free:
            _, _, asked, tokens, done = heapq.heappop(self._waiting)
            began = max(heapq.heappop(self._free), asked)
            span = Span(asked, began, began + tokens * self._token_seconds)
            self.spans.append(span)
            self._loop.call_at(span.ended, self._finish, span, done)

    def _finish(self, span: Span, done: asyncio.Future[Span]) -> None:
        heapq.heappush(self._free, span.ended)
        if not done.done():
            done.set_result(span)
        self._fill()
