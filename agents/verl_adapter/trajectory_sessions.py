"""Interpreters of trajectories whose end nobody announces.

A session ends with the object that stands for its trajectory, after too long without a call, or when room is
needed and it has been idle for longest. One that runs a cell is never ended.
"""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ...envs.interpreter_lease import InterpreterLease
from ...kernels.kernel_source import KernelSource
from ...tools.interpreter_session import InterpreterSession


@dataclass(slots=True)
class _Trajectory:
    session: InterpreterSession
    lease: InterpreterLease
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    used: float = field(default_factory=time.monotonic)


class TrajectorySessions:
    """One session a trajectory. They belong to the event loop that uses them first."""

    def __init__(
        self, pool: KernelSource, *, most: int, idle_seconds: float, wait_seconds: float, cell_timeout: float
    ) -> None:
        """Opens nothing yet.

        Args:
            pool: Where interpreters come from.
            most: Sessions to keep.
            idle_seconds: How long one is kept without a call.
            wait_seconds: How long a new one waits for an interpreter.
            cell_timeout: Seconds of one cell.
        """
        self._pool = pool
        self._most = most
        self._idle_seconds = idle_seconds
        self._wait_seconds = wait_seconds
        self._cell_timeout = cell_timeout
        self._open: OrderedDict[str, _Trajectory] = OrderedDict()
        """The one not used for longest comes first."""
        self._given_up: set[str] = set()
        """Trajectories that go on, and do not know yet that their session is gone."""
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    @asynccontextmanager
    async def of(self, key: str, owner: object) -> AsyncIterator[tuple[InterpreterSession, bool]]:
        """The session of a trajectory, for one call at a time.

        Args:
            key: The trajectory.
            owner: With this object the trajectory ends.

        Yields:
            The session, and whether an earlier one of the trajectory was given up since its last call.
        """
        lost = key in self._given_up
        self._given_up.discard(key)
        trajectory = self._open.get(key) or self._new(key, owner)
        self._open.move_to_end(key)
        trajectory.users += 1
        self._make_room()
        try:
            async with trajectory.turn:
                yield trajectory.session, lost
        finally:
            trajectory.users -= 1
            trajectory.used = time.monotonic()
            self._make_room()
            self._watch()

    async def close(self) -> None:
        """Ends all sessions; idempotent."""
        for key in list(self._open):
            self._end(key)
        if self._timer is not None:
            self._timer.cancel()
        if self._closing:
            await asyncio.wait(self._closing)

    def _new(self, key: str, owner: object) -> _Trajectory:
        lease = InterpreterLease(self._pool, deadline=math.inf, patience=self._wait_seconds)
        session = InterpreterSession(lease, cell_timeout=self._cell_timeout, submit=False)
        trajectory = self._open[key] = _Trajectory(session, lease)
        loop = asyncio.get_running_loop()

        def ended() -> None:
            self._given_up.discard(key)
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._end, key)

        weakref.finalize(owner, ended).atexit = False
        return trajectory

    def _make_room(self) -> None:
        """Gives up idle sessions while there are too many; those that wait get their interpreters."""
        idle = [key for key, trajectory in self._open.items() if not trajectory.users]
        for key in idle[: max(0, len(self._open) - self._most)]:
            self._give_up(key)

    def _watch(self) -> None:
        """Looks again when the next session will have been idle for too long."""
        if self._timer is None:
            idle = [trajectory.used for trajectory in self._open.values() if not trajectory.users]
            if idle:
                left = max(0.0, min(idle) + self._idle_seconds - time.monotonic())
                self._timer = asyncio.get_running_loop().call_later(left, self._reap)

    def _reap(self) -> None:
        self._timer = None
        longest = time.monotonic() - self._idle_seconds
        for key, trajectory in list(self._open.items()):
            if not trajectory.users and trajectory.used <= longest:
                self._give_up(key)
        self._watch()

    def _give_up(self, key: str) -> None:
        self._given_up.add(key)
        self._end(key)

    def _end(self, key: str) -> None:
        trajectory = self._open.pop(key, None)
        if trajectory is not None:
            task = asyncio.ensure_future(trajectory.lease.end())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
