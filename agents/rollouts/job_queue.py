"""The jobs of a run in fair order: those whose pause is over first, then new ones as they were given.

New jobs are drawn one by one. The queue ends when everything is finished, or when it is closed.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable

from .episode_job import EpisodeJob


class JobQueue:
    """Serves one taker; each job that it takes is `finished`, or put back with `again`."""

    def __init__(self, jobs: Iterable[EpisodeJob]) -> None:
        self._new = iter(jobs)
        self._paused: list[tuple[float, int, EpisodeJob]] = []
        self._pauses = 0
        self._taken = 0
        self._closed = False
        self._changed = asyncio.Event()

    async def take(self) -> EpisodeJob | None:
        """The next job, once there is one; None when all are finished or the queue is closed."""
        loop = asyncio.get_running_loop()
        while not self._closed:
            job = self._due(loop.time()) or next(self._new, None)
            if job is not None:
                self._taken += 1
                return job
            if not self._taken and not self._paused:
                return None
            self._changed.clear()
            end = self._paused[0][0] if self._paused else None
            try:
                async with asyncio.timeout_at(end):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return None

    def again(self, job: EpisodeJob, pause: float) -> None:
        """Puts a taken job back, to be taken again no sooner than in `pause` seconds."""
        due = asyncio.get_running_loop().time() + pause
        self._pauses += 1
        heapq.heappush(self._paused, (due, self._pauses, job))
        self.finished()

    def finished(self) -> None:
        """Says that a taken job needs nothing more."""
        self._taken -= 1
        self._changed.set()

    def close(self) -> None:
        """Gives out no more jobs; idempotent."""
        self._closed = True
        self._changed.set()

    def _due(self, now: float) -> EpisodeJob | None:
        if self._paused and self._paused[0][0] <= now:
            return heapq.heappop(self._paused)[2]
        return None
