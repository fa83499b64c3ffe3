"""The event loop of cells: one for an interpreter's life; it runs while a cell awaits and between cells.

A cell that does not await finds the loop as the running one all the same, as in a notebook, so that it can
start tasks. The loop is made for the first cell that has the word `async` or `await` in it; most interpreters
never need one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Iterator
from typing import Any


class CellLoop:
    """Runs awaiting cells, and between cells the tasks that they left."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def tasks(self) -> set[asyncio.Task[Any]]:
        """The tasks that are not done."""
        return set() if self._loop is None else asyncio.all_tasks(self._loop)

    @contextlib.contextmanager
    def as_running(self, code: str) -> Iterator[None]:
        """Has code that runs outside of the loop find it running."""
        if self._loop is None or self._loop.is_closed():
            if "async" not in code and "await" not in code:
                yield
                return
            self._loop = asyncio.new_event_loop()
        asyncio._set_running_loop(self._loop)
        try:
            yield
        finally:
            asyncio._set_running_loop(None)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs an awaiting cell; an interrupt reaches it also while it sleeps. To be called `as_running`."""
        loop = self._loop
        assert loop is not None
        task = loop.create_task(coroutine)

        def on_interrupt(*_: object) -> None:
            if asyncio.current_task(loop) is not None:
                raise KeyboardInterrupt
            task.cancel()
            loop.call_soon_threadsafe(lambda: None)

        before = signal.signal(signal.SIGINT, on_interrupt)
        asyncio._set_running_loop(None)
        try:
            return loop.run_until_complete(task)
        except BaseException:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    loop.run_until_complete(task)
            raise
        finally:
            asyncio._set_running_loop(loop)
            signal.signal(signal.SIGINT, before)

    def run_until_readable(self, descriptor: int) -> None:
        """Lets the tasks run until the descriptor has something to read; returns at once without tasks."""
        if self._loop is None or not self.tasks():
            return
        readable = self._loop.create_future()
        self._loop.add_reader(descriptor, _set, readable)
        try:
            with contextlib.suppress(KeyboardInterrupt, SystemExit):
                self._loop.run_until_complete(readable)
        finally:
            self._loop.remove_reader(descriptor)

    def descriptors(self) -> set[int]:
        """The descriptors that the loop itself uses."""
        loop: Any = self._loop
        if loop is None or loop.is_closed():
            return set()
        return {loop._selector.fileno(), loop._ssock.fileno(), loop._csock.fileno()}

    def forget(self) -> None:
        """Drops the idle loop in a forked process, without touching the one that it was copied from."""
        loop: Any = self._loop
        self._loop = None
        if loop is None or loop.is_closed():
            return
        # The kernel's list of watched descriptors is shared with the original; what is closed here must not
        # be struck off there.
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, loop._selector.fileno(), inheritable=False)
        os.close(null)
        loop.close()


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
