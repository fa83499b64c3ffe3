"""As many containers as sessions: wiped and lent again, or replaced when they are old or suspect."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import deque
from collections.abc import Coroutine
from pathlib import Path

from ..forking.fork_server import ForkServer
from ..inside import FOLDER
from ..kernel_error import KernelClosedError
from .container_settings import ContainerSettings
from .docker_engine import DockerEngine
from .slot import PROGRAMS, Slot

_STARTS_AT_ONCE = 4  # an engine does not start more of them any faster


class SlotPool:
    """Lends containers.

    Their shared folders lie in that of a small fork server, which removes them when this process is killed.

    Args:
        engine: Where they run; the pool opens and closes it.
        settings: What they are made of.
    """

    def __init__(self, engine: DockerEngine, settings: ContainerSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._home: ForkServer | None = None
        self._idle: deque[Slot] = deque()
        self._leased: set[Slot] = set()
        self._waiters: deque[asyncio.Future[Slot]] = deque()
        self._coming: set[asyncio.Task[None]] = set()
        self._going: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self._starts = asyncio.Semaphore(_STARTS_AT_ONCE)
        self._closed = False

    async def acquire(self) -> Slot:
        """Lends a container that no session uses.

        Raises:
            KernelStartError: If none can be started.
            KernelClosedError: If the pool was closed.
        """
        await self.open()
        waiter: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._balance()
        try:
            slot = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._idle.appendleft(waiter.result())
                self._balance()
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        self._leased.add(slot)
        return slot

    def release(self, slot: Slot, *, sound: bool) -> None:
        """Takes a container back; what that needs is done in the background.

        Args:
            slot: The container.
            sound: Whether its session lived until it was ended.
        """
        if slot in self._leased:
            self._leased.discard(slot)
            if sound and not self._closed and not self._is_due(slot):
                _spawn(self._wipe(slot), self._coming)
            else:
                self._replace(slot)

    async def close(self) -> None:
        """Removes all containers; idempotent."""
        self._closed = True
        async with self._lock:
            while self._waiters:
                _fail(self._waiters.popleft(), KernelClosedError("the launcher was closed"))
            for task in self._coming:
                task.cancel()
            await asyncio.gather(*self._coming, return_exceptions=True)
            await asyncio.gather(*(slot.close() for slot in (*self._idle, *self._leased)))
            self._idle.clear()
            self._leased.clear()
            await asyncio.gather(*self._going, return_exceptions=True)
            if self._home is not None:
                await self._home.close()
            self._engine.close()

    async def open(self) -> None:
        """Gets ready to start containers; idempotent.

        Raises:
            KernelStartError: If the engine or the image is missing or not fit; the message says what to do.
            KernelClosedError: If the pool was closed.
        """
        async with self._lock:
            if self._closed:
                raise KernelClosedError("the launcher was closed")
            await self._engine.open()
            if self._home is None or not self._home.is_alive():
                self._home = await ForkServer.start()
                # A copy, which may be read by every user inside, and does not change while containers run.
                await asyncio.to_thread(_copy_readable, FOLDER, self._home.folder / PROGRAMS)

    def _is_due(self, slot: Slot) -> bool:
        options = self._settings.options.docker
        age = time.monotonic() - slot.born
        old = slot.sessions >= options.recycle_after or age > 60 * options.recycle_minutes
        return old and slot.sessions > 0

    def _balance(self) -> None:
        """Hands idle containers to those who wait, and starts as many as are missing."""
        if self._closed:
            return
        while self._waiters and self._idle:
            slot = self._idle.pop()
            if not slot.is_alive() or self._is_due(slot):
                self._replace(slot)
            elif not self._waiters[0].done():
                self._waiters.popleft().set_result(slot)
            else:
                self._waiters.popleft()
                self._idle.append(slot)
        for _ in range(len(self._waiters) - len(self._coming)):
            _spawn(self._start(), self._coming)

    def _replace(self, slot: Slot) -> None:
        _spawn(slot.close(), self._going)
        if not self._closed:
            _spawn(self._start(), self._coming)

    async def _start(self) -> None:
        assert self._home is not None
        try:
            async with self._starts:
                slot = await Slot.start(self._engine, self._settings, self._home.folder)
        except Exception as error:  # noqa: BLE001 - whatever a start raises goes to the one who waits for it
            if self._waiters:
                _fail(self._waiters.popleft(), error)
        else:
            self._arrive(slot)

    async def _wipe(self, slot: Slot) -> None:
        clean = False
        try:
            clean = await slot.wipe()
        finally:
            if clean:
                self._arrive(slot)
            else:
                self._replace(slot)

    def _arrive(self, slot: Slot) -> None:
        self._idle.append(slot)
        # The task that brings it is over at the next turn, and must not be counted as one to come.
        asyncio.get_running_loop().call_soon(self._balance)


def _fail(waiter: asyncio.Future[Slot], error: Exception) -> None:
    if not waiter.done():
        waiter.set_exception(error)


def _copy_readable(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _spawn(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> None:
    """Runs `work` as a task that `tasks` holds until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
