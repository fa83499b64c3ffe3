"""Plays any number of jobs: at most so many at once, each as soon as there is a seat, none twice, none lost.

The one engine of evaluation and of data generation, on one machine or on many. Episodes go to the log and to
a callback as they end, and are kept nowhere, so that memory is bounded by the seats.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

from .episode import Episode
from .episode_job import EpisodeJob
from .episode_log import EpisodeLog
from .episode_player import EpisodePlayer
from .failure_breaker import FailureBreaker
from .job_queue import JobQueue
from .retry_strategy import RetryStrategy


class EpisodeRunner:
    """Plays jobs with one player."""

    def __init__(
        self,
        player: EpisodePlayer,
        *,
        log: EpisodeLog | None = None,
        on_episode: Callable[[Episode], None] | None = None,
        on_attempt: Callable[[Episode], None] | None = None,
        retry: RetryStrategy | None = None,
        breaker: FailureBreaker | None = None,
    ) -> None:
        """Starts nothing.

        Args:
            player: Who plays.
            log: Gets every attempt as it ends; the last one at a key counts.
            on_episode: Called with every episode, which is its last attempt, after it was logged.
            on_attempt: Called with every attempt, after it was logged.
            retry: When an attempt that failed is followed by another.
            breaker: Stops the run when too many attempts fail.
        """
        self._player = player
        self._log = log
        self._on_episode = on_episode
        self._on_attempt = on_attempt
        self._retry = retry or RetryStrategy()
        self._breaker = breaker or FailureBreaker.for_concurrency(player.seats)
        self._playing: set[asyncio.Task[None]] = set()

    async def run(
        self, jobs: Iterable[EpisodeJob], *, stop: asyncio.Event | None = None, grace: float = 10.0
    ) -> None:
        """Plays until no job is left, or until it is told to stop. Each run needs a runner of its own.

        Args:
            jobs: Drawn one by one, when there is a seat; keys are distinct.
            stop: Once set, no further job is taken; what is in play may end within the grace.
            grace: Seconds after which episodes in play are cancelled; they are not recorded.

        Raises:
            EvaluationError: If too many attempts failed.
            EpisodeLogError: If an episode cannot be recorded.
        """
        if self._log is not None:
            self._log.open()
        queue = JobQueue(jobs)
        if stop is not None and stop.is_set():
            queue.close()
        seats = asyncio.Semaphore(self._player.seats)
        try:
            async with self._stopping(queue, stop, grace), asyncio.TaskGroup() as group:
                while True:
                    await seats.acquire()
                    job = await queue.take()
                    if job is None:
                        return
                    task = group.create_task(self._play(job, queue))
                    self._playing.add(task)
                    task.add_done_callback(self._playing.discard)
                    task.add_done_callback(lambda _: seats.release())
                    await asyncio.sleep(0)  # a thousand episodes that begin at once would hold the loop up
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _play(self, job: EpisodeJob, queue: JobQueue) -> None:
        """One attempt, from a seat to the log."""
        episode = await self._player.play(job)
        # No wait from here to the last count: an episode is recorded and counted, or neither.
        if self._log is not None:
            self._log.append(episode)
        if self._on_attempt is not None:
            self._on_attempt(episode)
        pause = self._retry.pause_after(episode)
        if pause is None:
            queue.finished()
            if self._on_episode is not None:
                self._on_episode(episode)
        else:
            queue.again(job.again(), pause)
        self._breaker.add(episode)
        if self._log is not None and self._log.sync_is_due:
            await asyncio.to_thread(self._log.sync)

    @contextlib.asynccontextmanager
    async def _stopping(
        self, queue: JobQueue, stop: asyncio.Event | None, grace: float
    ) -> AsyncIterator[None]:
        """Waits beside the run for the word to stop."""

        async def watch(stop: asyncio.Event) -> None:
            await stop.wait()
            queue.close()
            await asyncio.sleep(grace)
            for task in tuple(self._playing):
                task.cancel()

        if stop is None:
            yield
            return
        watcher = asyncio.create_task(watch(stop))
        try:
            yield
        finally:
            watcher.cancel()
