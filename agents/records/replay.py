"""Plays the messages of stored episodes again, each in a fresh interpreter, and compares what cells did.

Nothing is judged and no policy is asked: the recorded messages are carried out by the run's own environment,
with host functions answered by the task's world. What differs is volatile (addresses, times) or a difference.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...envs.env_config import EnvConfig
from ...envs.episode_state import EpisodeState
from ...envs.task import Task, TaskMetadata
from ...envs.turn_record import TurnRecord
from ...kernels.kernel_error import KernelError
from ...kernels.kernel_source import KernelSource
from ...kernels.open_files import allow_open_files
from ...rewards.tests import StdioCase, StdioTests
from ...tools.formats.action_parser import ActionParser
from ..rollouts.episode import Episode, Turn
from ..rollouts.kept_result import kept_result
from .likeness import Likeness, difference, shown_result

_WARM = 2


@dataclass(frozen=True, slots=True)
class CellReplay:
    """One cell, or a whole turn where the record does not tell its cells apart."""

    turn: int
    """From 1."""
    cell: int
    """From 1 in its turn; 0 for the turn as a whole."""
    code: str
    old: str
    new: str

    @property
    def likeness(self) -> Likeness:
        """How the two outputs compare."""
        return Likeness.of(self.old, self.new)

    @property
    def difference(self) -> list[str]:
        """The lines of a diff."""
        return difference(self.old, self.new)


@dataclass(frozen=True, slots=True)
class EpisodeReplay:
    """One episode, played again."""

    id: str
    task_id: str
    sample: int
    cells: tuple[CellReplay, ...] = ()
    fault: str = ""
    """What of the machine broke; empty when nothing did."""

    @property
    def deterministic(self) -> bool:
        """Whether every cell did the same again, but for what is volatile."""
        return not self.fault and all(cell.likeness is not Likeness.DIFFERENT for cell in self.cells)

    @property
    def counts(self) -> Counter[Likeness]:
        """Cells by how they compare."""
        return Counter(cell.likeness for cell in self.cells)


async def replay(
    episodes: Sequence[Episode],
    environment: EnvConfig,
    task_of: Callable[[Episode], Task | None],
    *,
    concurrency: int = 4,
    on_episode: Callable[[EpisodeReplay], None] | None = None,
) -> list[EpisodeReplay]:
    """Plays episodes again.

    Args:
        episodes: Which.
        environment: How they were played; also names the back end.
        task_of: The task of an episode; None where it cannot be had, and then host functions do not answer.
        concurrency: The most at once, and so the most interpreters alive.
        on_episode: Called as each ends.

    Returns:
        What came of them, in their order. A fault of the machine is told by the episode.
    """
    gate = asyncio.Semaphore(concurrency)
    async with environment.make_pool(size=concurrency, warm=min(_WARM, concurrency)) as pool:
        allow_open_files(pool.stats().size, concurrency)

        async def one(episode: Episode) -> EpisodeReplay:
            async with gate:
                task = task_of(episode) or _placeholder(episode)
                played = await replay_episode(episode, task, environment, pool)
            if on_episode is not None:
                on_episode(played)
            return played

        return list(await asyncio.gather(*map(one, episodes)))


async def replay_episode(
    episode: Episode, task: Task, environment: EnvConfig, pool: KernelSource
) -> EpisodeReplay:
    """Plays one episode again; see `replay`."""
    parser, toolbox = environment.make_parser(), environment.make_toolbox()
    state = EpisodeState.begin(task, environment, pool, toolbox)
    cells: list[CellReplay] = []
    fault = ""
    try:
        for number, turn in enumerate(episode.turns, start=1):
            record = await state.play(_message(turn, parser), parser, toolbox, turn.tokens)
            cells += _compared(number, turn, record)
    except KernelError as error:
        fault = f"{type(error).__name__}: {error}"
    finally:
        await state.release()
    return EpisodeReplay(episode.id, episode.task_id, episode.sample, tuple(cells), fault)


def _message(turn: Turn, parser: ActionParser) -> str:
    """The message as the environment got it: a thought that the prompt began is no part of the record."""
    return turn.action if parser.parse(turn.action).calls or not turn.code else f"<think>\n{turn.action}"


def _compared(number: int, turn: Turn, record: TurnRecord) -> Iterable[CellReplay]:
    if len(turn.results) != len(turn.code):
        old, new = turn.observation, record.observation
        if turn.code or old != new:
            yield CellReplay(number, 0, "\n\n".join(turn.code), old, new)
        return
    for place in range(max(len(turn.code), len(record.code))):
        old_cell = shown_result(turn.results[place]) if place < len(turn.code) else "(no such cell)"
        again = place < len(record.code)
        new_cell = shown_result(kept_result(record.results[place])) if again else "(not run)"
        code = (turn.code if place < len(turn.code) else record.code)[place]
        yield CellReplay(number, place + 1, code, old_cell, new_cell)


def _placeholder(episode: Episode) -> Task:
    """A task without a hidden side, for an episode whose own cannot be had; nothing is judged by it."""
    return Task(
        id=episode.task_id,
        prompt="?",
        tests=StdioTests(cases=(StdioCase(stdin="", expected=""),)),
        metadata=TaskMetadata(source="unknown"),
    )
