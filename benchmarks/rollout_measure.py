"""One sample of one way to play episodes: what the engine, the episodes and the event loop went through."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from rollout_work import Message, Script, Work
from virtual_engine import VirtualEngine

_TICK = 0.01


@dataclass(frozen=True, slots=True)
class Job:
    """How many episodes are played, and in front of which engine."""

    episodes: int
    seed: int
    slots: int
    token_seconds: float
    kernels: int
    """The most interpreters alive at once."""
    oldest_first: bool = False
    backend: str = "fork"


class Voice:
    """Says the messages of one episode, one after the other, as the engine writes them."""

    def __init__(self, engine: VirtualEngine, script: Script) -> None:
        self.script = script
        self.engine_seconds = 0.0
        """Waiting for a slot, and writing; a late delivery does not count."""
        self.queue_seconds = 0.0
        self.begun = self.ended = 0.0
        """On the loop's clock."""
        self._engine = engine
        self._said = 0

    async def next(self) -> Message:
        """The next message."""
        message = self.script.messages[self._said]
        span = await self._engine.write(len(message.ids), turn=self._said)
        self._said += 1
        self.engine_seconds += span.ended - span.asked
        self.queue_seconds += span.began - span.asked
        return message

    def begin(self) -> None:
        """The episode begins."""
        self.begun = asyncio.get_running_loop().time()

    def end(self) -> None:
        """The episode is over.

        Raises:
            RuntimeError: If not all was said.
        """
        self.ended = asyncio.get_running_loop().time()
        if self._said < len(self.script.messages):
            raise RuntimeError(f"the episode of {self.script.task.id} ended too early")

    @property
    def cell_seconds(self) -> float:
        """What the cells take by themselves."""
        return sum(message.cell_seconds for message in self.script.messages)


Play = Callable[[Sequence[Voice]], Awaitable[None]]
"""Plays one episode with each voice, all at once, and tells the voice when it is over."""


async def sample(job: Job, work: Work, play: Play) -> dict[str, float]:
    """Has all episodes played."""
    loop = asyncio.get_running_loop()
    engine = VirtualEngine(slots=job.slots, token_seconds=job.token_seconds, oldest_first=job.oldest_first)
    voices = [Voice(engine, script) for script in work.scripts]
    async with _lag() as late:
        begin, own = loop.time(), time.process_time()
        await play(voices)
        wall = loop.time() - begin
        own = time.process_time() - own
    return _engine_figures(engine, voices, begin) | {
        "episodes per second": job.episodes / wall,
        "wall": wall,
        "host CPU": own / wall,
        "host cpu per episode": own / job.episodes,
        "loop lag, p99": quantile(late, 0.99),
        "loop lag, worst": max(late, default=0.0),
    }


def _engine_figures(engine: VirtualEngine, voices: Sequence[Voice], begin: float) -> dict[str, float]:
    ends = sorted(voice.ended for voice in voices)
    seconds = [voice.ended - voice.begun for voice in voices]
    # From then on there are fewer episodes than slots.
    few = ends[-engine.slots] if len(ends) >= engine.slots else ends[0]
    queued = sum(voice.queue_seconds for voice in voices)
    rest = sum(seconds) - sum(voice.engine_seconds + voice.cell_seconds for voice in voices)
    return {
        "engine idle": engine.idle(begin, few),
        "engine idle, whole run": engine.idle(begin, ends[-1]),
        "episode seconds, p50": quantile(seconds, 0.5),
        "episode seconds, p99": quantile(seconds, 0.99),
        "environment share": rest / sum(seconds),
        "environment share, queueing left out": rest / (sum(seconds) - queued),
    }


@contextlib.asynccontextmanager
async def _lag() -> AsyncIterator[list[float]]:
    """Seconds by which a ticker was late, each time."""
    loop, late = asyncio.get_running_loop(), list[float]()

    async def tick() -> None:
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            late.append(loop.time() - due)

    ticker = asyncio.create_task(tick())
    try:
        yield late
    finally:
        ticker.cancel()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by such a share of them."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else 0.0
